/** Settings, in five pages that the address knows. */
import { Tabs } from "radix-ui";
import { openOverlay } from "../../lib/overlays.ts";
import { adjust, SETTINGS } from "../../lib/router.tsx";
import { zone } from "../../lib/dates.ts";
import { prefer, preferences } from "../../lib/preferences.ts";
import { useStore } from "../../lib/store.ts";
import { setTheme, theme, THEMES } from "../../lib/theme.ts";
import { t } from "../../text/index.ts";
import { Choice, Switch } from "../../ui/choice.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { ExportChoices } from "../dialogs/export-dialog.tsx";
import { AccountPage } from "./account-page.tsx";
import { DevicesPage } from "./devices-page.tsx";
import { TokensPage } from "./tokens-page.tsx";
import "../../styles/settings.css";

type Page = (typeof SETTINGS)[number];

const ICONS: Record<Page, IconName> = { general: "settings", account: "user", devices: "monitor", tokens: "key", data: "download" };

export function Settings({ page }: { page: Page }) {
  return (
    <Dialog className="dialog--settings" onClose={() => adjust({ settings: null })} size="large" title={t.settings.title}>
      <Tabs.Root className="settings" onValueChange={(next) => adjust({ settings: next as Page }, "replace")} orientation="vertical" value={page}>
        <Tabs.List aria-label={t.settings.title} className="settings__tabs">
          {SETTINGS.map((name) => (
            <Tabs.Trigger className="settings__tab" key={name} value={name}>
              <Icon name={ICONS[name]} size={17} />
              {t.settings.pages[name]}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <div className="settings__page">
          <Tabs.Content value="general"><GeneralPage /></Tabs.Content>
          <Tabs.Content value="account"><AccountPage /></Tabs.Content>
          <Tabs.Content value="devices"><DevicesPage /></Tabs.Content>
          <Tabs.Content value="tokens"><TokensPage /></Tabs.Content>
          <Tabs.Content value="data"><DataPage /></Tabs.Content>
        </div>
      </Tabs.Root>
    </Dialog>
  );
}

function GeneralPage() {
  const chosen = useStore(theme);
  const { letterKeys } = useStore(preferences);
  return (
    <div className="form">
      <div className="field">
        <span className="field__label">{t.settings.theme}</span>
        <Choice label={t.settings.theme} onChange={setTheme} options={THEMES.map((value) => ({ value, text: t.settings.themes[value] }))} value={chosen} />
      </div>
      <Switch hint={t.settings.letterKeysHint} label={t.settings.letterKeys} on={letterKeys} onChange={(on) => prefer({ letterKeys: on })} />
      <div className="field">
        <span className="field__label">{t.settings.zone}</span>
        <p className="field__hint">{t.settings.zoneHint(zone.replaceAll("_", " "))}</p>
      </div>
    </div>
  );
}

function DataPage() {
  return (
    <div className="form">
      <section className="stack">
        <h3 className="settings__heading">{t.transfer.importTitle}</h3>
        <p className="field__hint">{t.transfer.importText}</p>
        <div>
          <button
            className="button button--plain"
            onClick={() => {
              adjust({ settings: null });
              openOverlay({ kind: "import" });
            }}
            type="button"
          >
            <Icon name="upload" size={17} />
            {t.account.import}
          </button>
        </div>
      </section>
      <section className="stack">
        <h3 className="settings__heading">{t.transfer.exportTitle}</h3>
        <ExportChoices />
      </section>
    </div>
  );
}
