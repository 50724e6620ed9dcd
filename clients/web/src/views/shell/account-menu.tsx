/** The person's name at the top of the side bar, and what belongs to the account and this browser. */
import { signOut, unsent, useSession } from "../../data/index.ts";
import { openOverlay } from "../../lib/overlays.ts";
import { adjust } from "../../lib/router.tsx";
import { setTheme, theme, THEMES } from "../../lib/theme.ts";
import { useStore } from "../../lib/store.ts";
import { t } from "../../text/index.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { Menu, MenuChoice, MenuGroup, MenuItem, MenuLine } from "../../ui/menu.tsx";
import { complain, message } from "../../ui/toasts.tsx";

const THEME_ICONS: Record<(typeof THEMES)[number], IconName> = { system: "monitor", light: "sun", dark: "moon" };

export function leave(): void {
  if (unsent() > 0) openOverlay({ kind: "sign-out" });
  else signOut().catch((error: unknown) => complain(message(error)));
}

export function AccountMenu() {
  const session = useSession();
  const chosen = useStore(theme);
  if (session.status !== "signed-in") return null;
  const name = session.user.name || session.user.email || session.user.id;
  return (
    <Menu
      label={t.account.menu}
      trigger={
        <button aria-label={`${name}: ${t.account.menu}`} className="account" type="button">
          <span className="avatar" data-letter={[...name][0]?.toLocaleUpperCase()} />
          <span className="account__name truncate">{name}</span>
          <Icon name="chevronDown" size={15} />
        </button>
      }
    >
      <p className="menu__who truncate">{session.user.email ?? (session.by === "token" ? t.account.byToken : name)}</p>
      <MenuItem icon="settings" onSelect={() => adjust({ settings: "general" })}>{t.account.settings}</MenuItem>
      <MenuItem hint="?" icon="keyboard" onSelect={() => openOverlay({ kind: "help" })}>{t.account.help}</MenuItem>
      <MenuItem icon="upload" onSelect={() => openOverlay({ kind: "import" })}>{t.account.import}</MenuItem>
      <MenuItem icon="download" onSelect={() => openOverlay({ kind: "export" })}>{t.account.export}</MenuItem>
      <MenuLine />
      <MenuGroup label={t.account.theme}>
      {THEMES.map((option) => (
        <MenuChoice checked={option === chosen} icon={<Icon name={THEME_ICONS[option]} size={17} />} key={option} onSelect={() => setTheme(option)}>
          {t.settings.themes[option]}
        </MenuChoice>
      ))}
      </MenuGroup>
      <MenuLine />
      <MenuItem icon="logOut" onSelect={leave}>{t.account.signOut}</MenuItem>
    </Menu>
  );
}
