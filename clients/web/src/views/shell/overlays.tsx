/** The dialog that is open, if one is. Each is a script of its own that is fetched when it is needed. */
import { lazy, Suspense } from "react";
import { overlay } from "../../lib/overlays.ts";
import { usePlace } from "../../lib/router.tsx";
import { useStore } from "../../lib/store.ts";

const Palette = lazy(async () => ({ default: (await import("../palette/palette.tsx")).Palette }));
const HelpSheet = lazy(async () => ({ default: (await import("../dialogs/help-sheet.tsx")).HelpSheet }));
const AddDialog = lazy(async () => ({ default: (await import("../dialogs/add-dialog.tsx")).AddDialog }));
const ProjectDialog = lazy(async () => ({ default: (await import("../dialogs/project-dialog.tsx")).ProjectDialog }));
const DeleteProject = lazy(async () => ({ default: (await import("../dialogs/delete-project.tsx")).DeleteProject }));
const ImportDialog = lazy(async () => ({ default: (await import("../dialogs/import-dialog.tsx")).ImportDialog }));
const ExportDialog = lazy(async () => ({ default: (await import("../dialogs/export-dialog.tsx")).ExportDialog }));
const ConflictDialog = lazy(async () => ({ default: (await import("../dialogs/conflict-dialog.tsx")).ConflictDialog }));
const Confirm = lazy(async () => ({ default: (await import("../dialogs/confirm.tsx")).Confirm }));
const SignOutDialog = lazy(async () => ({ default: (await import("../dialogs/confirm.tsx")).SignOutDialog }));
const PickDialog = lazy(async () => ({ default: (await import("../pickers/pick-dialog.tsx")).PickDialog }));
const Settings = lazy(async () => ({ default: (await import("../settings/settings.tsx")).Settings }));

export function Overlays() {
  const open = useStore(overlay);
  const { settings } = usePlace();
  return (
    <Suspense fallback={null}>
      {settings ? <Settings page={settings} /> : null}
      {open ? <Open overlay={open} /> : null}
    </Suspense>
  );
}

function Open({ overlay: open }: { overlay: NonNullable<ReturnType<typeof overlay.get>> }) {
  switch (open.kind) {
    case "palette": return <Palette />;
    case "help": return <HelpSheet />;
    case "add": return <AddDialog />;
    case "project": return <ProjectDialog id={open.id} onCreated={open.onCreated} />;
    case "delete-project": return <DeleteProject id={open.id} />;
    case "import": return <ImportDialog file={open.file} />;
    case "export": return <ExportDialog />;
    case "conflicts": return <ConflictDialog />;
    case "sign-out": return <SignOutDialog />;
    case "confirm": return <Confirm ask={open} />;
    case "pick": return <PickDialog pick={open} />;
  }
}
