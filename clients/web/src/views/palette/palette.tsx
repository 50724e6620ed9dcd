/** The command palette: views, projects, labels, actions and tasks, found by a few letters. */
import { useMemo, useState } from "react";
import { useLabels, useProjects, useTask, useTasks, useView } from "../../data/index.ts";
import { closeOverlay, openOverlay, type Overlay } from "../../lib/overlays.ts";
import { adjust, currentPlace, formatPlace, go, goToView, PRIORITIES, VIEWS } from "../../lib/router.tsx";
import { active } from "../../lib/selection.ts";
import { setTheme, THEMES } from "../../lib/theme.ts";
import { t } from "../../text/index.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { undoLast } from "../../ui/toasts.tsx";
import { changeAll, complete, remove } from "../actions.ts";
import { matches } from "../pickers/option-list.tsx";
import { leave } from "../shell/account-menu.tsx";
import { focusQuickAdd } from "../shell/use-global-keys.ts";
import { CommandList, type Command } from "./command-list.tsx";

const VIEW_ICONS: Record<string, IconName> = {
  today: "sun", upcoming: "calendar", overdue: "alarm", all: "list", completed: "checkCircle", trash: "trash", search: "search",
};
const VIEW_KEYS: Record<string, string> = { today: "G T", upcoming: "G U", overdue: "G O", all: "G A", completed: "G C", trash: "G X", search: "/" };
const NOTHING = { search: "\u0000" };

export function Palette() {
  const [text, setText] = useState("");
  const commands = useCommands();
  const found = useView(useMemo(() => (text.trim().length > 1 ? { search: text, status: "all" as const } : NOTHING), [text]), "updated");
  const shown = useMemo(() => {
    const fitting = commands.filter((command) => matches(`${command.text} ${command.words ?? ""}`, text));
    const tasks: Command[] = found.slice(0, 12).map((task) => ({
      key: task.id, group: t.palette.found, text: task.title, icon: <Icon name={task.completed ? "checkCircle" : "project"} size={17} />,
      run: () => adjust({ task: task.id }),
    }));
    return text.trim() ? [...fitting, ...tasks] : fitting.filter((command) => !command.onlyFound);
  }, [commands, found, text]);
  return (
    <Dialog className="dialog--palette" hideTitle onClose={closeOverlay} size="bare" title={t.palette.label}>
      <CommandList commands={shown} onText={setText} text={text} />
    </Dialog>
  );
}

function useCommands(): Command[] {
  const projects = useProjects();
  const labels = useLabels();
  const tasks = useTasks();
  const at = currentPlace().task ?? active.get();
  const task = useTask(at ?? "");
  return useMemo(() => {
    const open = (next: Overlay) => () => openOverlay(next);
    const icon = (name: IconName) => <Icon name={name} size={17} />;
    const onTask: Command[] = !task ? [] : [
      { key: "complete", text: task.completed ? t.task.reopen(`“${task.title}”`) : t.task.complete(`“${task.title}”`), icon: icon("checkCircle"), hint: "C", run: () => complete(task, !task.completed) },
      { key: "due", text: t.task.setDate, icon: icon("calendar"), hint: "D", run: open({ kind: "pick", what: "due", ids: [task.id] }) },
      { key: "labels", text: t.task.setLabels, icon: icon("tag"), hint: "L", run: open({ kind: "pick", what: "labels", ids: [task.id] }) },
      { key: "move", text: t.task.moveToProject, icon: icon("folder"), hint: "M", run: open({ kind: "pick", what: "project", ids: [task.id] }) },
      { key: "parent", text: `${t.task.parent} …`, icon: icon("parent"), run: open({ kind: "pick", what: "parent", ids: [task.id] }) },
      ...PRIORITIES.map((priority) => ({
        key: `priority-${priority}`, text: `${t.priority.label}: ${t.priority[priority]}`, icon: <Icon className={`flag flag--${priority}`} name="flag" size={17} />,
        onlyFound: true, run: () => changeAll([task], { priority }),
      })),
      { key: "delete", text: `${t.common.delete} “${task.title}”`, icon: icon("trash"), hint: "Del", run: () => remove(task) },
    ].map((command) => ({ ...command, group: t.palette.selection }));
    const actions: Command[] = [
      { key: "add", text: t.sidebar.addTask, icon: icon("plus"), hint: "Q", run: focusQuickAdd },
      { key: "undo", text: t.help.keys.undo, icon: icon("undo"), hint: "Z", run: undoLast },
      { key: "project", text: t.projects.add, icon: icon("folder"), run: open({ kind: "project" }) },
      { key: "import", text: t.account.import, icon: icon("upload"), onlyFound: true, run: open({ kind: "import" }) },
      { key: "export", text: t.account.export, icon: icon("download"), onlyFound: true, run: open({ kind: "export" }) },
      { key: "help", text: t.help.title, icon: icon("keyboard"), hint: "?", run: open({ kind: "help" }) },
      { key: "settings", text: t.account.settings, icon: icon("settings"), run: () => adjust({ settings: "general" }) },
      ...THEMES.map((theme) => ({
        key: `theme-${theme}`, text: `${t.account.theme}: ${t.settings.themes[theme]}`, onlyFound: true,
        icon: icon(theme === "system" ? "monitor" : theme === "light" ? "sun" : "moon"), run: () => setTheme(theme),
      })),
      { key: "out", text: t.account.signOut, icon: icon("logOut"), onlyFound: true, run: leave },
    ].map((command) => ({ ...command, group: t.palette.actions }));
    const places: Command[] = [
      ...VIEWS.filter((view) => view !== "project" && view !== "label").map((view) => ({
        key: view, text: t.views[view], icon: icon(VIEW_ICONS[view] ?? "list"), hint: VIEW_KEYS[view], run: () => goToView(view),
      })),
      ...projects.map((project) => ({
        key: project.id, text: project.name, words: t.views.project, onlyFound: true,
        icon: <span className="dot" style={{ color: project.color ?? undefined }} />, run: () => go(formatPlace({ view: "project", id: project.id })),
      })),
      ...labels.map((label) => ({
        key: `label-${label}`, text: label, words: t.views.label, onlyFound: true, icon: icon("tag"), run: () => go(formatPlace({ view: "label", id: label })),
      })),
    ].map((command) => ({ ...command, group: t.palette.go }));
    return [...onTask, ...actions, ...places];
    // `tasks` so that what is offered for the open task follows it.
  }, [projects, labels, task, tasks]);
}
