/** The whole app: the data around it, and the door before it while nobody is signed in. */
import { Component, lazy, Suspense, type ReactNode } from "react";
import { DataProvider, useSession } from "./data/index.ts";
import { t } from "./text/index.ts";
import { Blank } from "./ui/blank.tsx";
import { Shell } from "./views/shell/shell.tsx";
import { useOwnWindow } from "./views/shell/use-own-window.ts";

const SignIn = lazy(async () => ({ default: (await import("./views/sign-in/sign-in.tsx")).SignIn }));

export function App() {
  return (
    <Fault>
      <DataProvider>
        <Gate />
      </DataProvider>
    </Fault>
  );
}

function Gate() {
  const session = useSession();
  useOwnWindow(session);
  switch (session.status) {
    case "loading":
      return <main aria-busy="true" aria-label={t.common.loading} className="splash"><span className="spinner" /></main>;
    case "signed-out":
      return <Suspense fallback={null}><SignIn expired={session.expired} methods={session.methods} /></Suspense>;
    case "signed-in":
      return <Shell key={session.user.id} />;
  }
}

/** The last resort: a fault in drawing must not leave an empty window. */
class Fault extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <main className="splash">
        <Blank icon="warning" text={t.error.text} title={t.error.title} tone="bad">
          <button className="button button--primary" onClick={() => location.reload()} type="button">{t.error.reload}</button>
        </Blank>
      </main>
    );
  }
}
