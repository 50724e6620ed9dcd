/** Where this person is signed in, and signing out elsewhere. */
import { useState } from "react";
import { signOutDevice, signOutOtherDevices, useDevices, useSession, type SignedInDevice } from "../../data/index.ts";
import { ago, dateTime } from "../../lib/dates.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { complain, message } from "../../ui/toasts.tsx";

export function DevicesPage() {
  const session = useSession();
  if (session.status === "signed-in" && session.by === "token") return <p className="field__hint">{t.settings.tokenNote}</p>;
  return <Devices />;
}

function Devices() {
  const { devices, error } = useDevices();
  const [busy, setBusy] = useState(false);
  const run = (what: Promise<void>) => {
    setBusy(true);
    what.catch((reason: unknown) => complain(message(reason))).finally(() => setBusy(false));
  };
  if (error && !devices) return <p role="alert">{message(error)}</p>;
  if (!devices) return <p role="status">{t.common.loading}</p>;
  const sorted = [...devices].sort((a, b) => Number(b.current) - Number(a.current) || (a.createdAt < b.createdAt ? 1 : -1));
  return (
    <div className="form">
      <p className="field__hint">{t.settings.devicesText}</p>
      <ul className="devices">
        {sorted.map((device) => (
          <li className="device" key={device.token}>
            <Icon name="monitor" />
            <div className="device__main">
              <p>{nameOf(device)}{device.current ? <span className="device__here">{t.settings.thisDevice}</span> : null}</p>
              <p className="field__hint" title={dateTime(device.createdAt)}>
                {t.settings.signedInSince(ago(device.createdAt))}
                {device.ipAddress ? ` · ${device.ipAddress}` : ""}
              </p>
            </div>
            {device.current ? null : (
              <button className="button button--plain button--small" disabled={busy} onClick={() => run(signOutDevice(device.token))} type="button">{t.settings.signOutDevice}</button>
            )}
          </li>
        ))}
      </ul>
      {devices.length > 1 ? (
        <div><button className="button button--plain" disabled={busy} onClick={() => run(signOutOtherDevices())} type="button">{t.settings.signOutOthers}</button></div>
      ) : null}
    </div>
  );
}

const BROWSERS = [["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"], ["curl/", "curl"]] as const;
const SYSTEMS = [["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Mac OS", "macOS"], ["Windows", "Windows"], ["Linux", "Linux"]] as const;

function nameOf({ userAgent }: SignedInDevice): string {
  const browser = BROWSERS.find(([sign]) => userAgent?.includes(sign))?.[1];
  const system = SYSTEMS.find(([sign]) => userAgent?.includes(sign))?.[1];
  return browser && system ? t.settings.browserOn(browser, system) : browser ?? system ?? t.settings.unknownDevice;
}
