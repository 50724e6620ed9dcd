/** Pickers of a project, labels, a priority and a parent task; each for one task or several. */
import { useMemo, useState } from "react";
import { labelKey, useLabels, useProjects, useTasks, type Priority, type Project, type Task } from "../../data/index.ts";
import { PRIORITIES } from "../../lib/router.tsx";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { newProject } from "../actions.ts";
import { matches, OptionList, type Option } from "./option-list.tsx";

export function ProjectPicker({ value, onPick }: { value: string | null | undefined; onPick(project: { id: string; name: string } | null): void }) {
  const [text, setText] = useState("");
  const projects = useProjects().filter((project) => !project.archived || project.id === value);
  const found = projects.filter((project) => matches(project.name, text));
  const name = text.trim();
  const options: Option[] = [
    ...(name ? [] : [{ key: "none", text: t.task.noProject, icon: <Icon name="inbox" size={16} />, checked: value === null, run: () => onPick(null) }]),
    ...found.map((project) => ({
      key: project.id, text: project.name, icon: <ProjectDot project={project} />, checked: project.id === value, run: () => onPick(project),
    })),
    ...(name && !projects.some((project) => project.name.toLowerCase() === name.toLowerCase())
      ? [{ key: "new", text: t.picker.create(name), icon: <Icon name="plus" size={16} />, run: () => onPick({ id: newProject(name, projects.length), name }) }]
      : []),
  ];
  return <OptionList label={t.task.project} onText={setText} options={options} placeholder={t.picker.findProject} text={text} />;
}

export function ProjectDot({ project }: { project: Pick<Project, "color"> }) {
  return <span className="dot" style={{ color: project.color ?? undefined }} />;
}

/** `value` has the labels that all of the tasks have. */
export function LabelPicker({ value, onToggle }: { value: readonly string[]; onToggle(label: string, on: boolean): void }) {
  const [text, setText] = useState("");
  const labels = useLabels();
  const name = text.trim().replaceAll(",", "");
  const has = (label: string) => value.some((other) => labelKey(other) === labelKey(label));
  const all = [...new Set([...labels, ...value])];
  const options: Option[] = all.filter((label) => matches(label, text)).map((label) => ({
    key: label, text: label, icon: <Icon name="tag" size={16} />, checked: has(label), run: () => onToggle(label, !has(label)),
  }));
  if (name && !all.some((label) => labelKey(label) === labelKey(name))) {
    options.push({
      key: " new", text: t.picker.create(name), icon: <Icon name="plus" size={16} />,
      run: () => {
        onToggle(name.slice(0, 50), true);
        setText("");
      },
    });
  }
  return <OptionList label={t.task.labels} onText={setText} options={options} placeholder={t.picker.findLabel} text={text} />;
}

/** Labels of a task with one put on or taken off, whatever its case. */
export function withLabel(labels: readonly string[], label: string, on: boolean): string[] {
  const others = labels.filter((other) => labelKey(other) !== labelKey(label));
  return on ? [...others, label].slice(0, 20) : others;
}

export function PriorityPicker({ value, onPick }: { value: Priority | undefined; onPick(priority: Priority): void }) {
  return (
    <div aria-label={t.priority.label} className="priorities" role="group">
      {PRIORITIES.map((priority) => (
        <button
          aria-pressed={priority === value}
          autoFocus={priority === (value ?? "none")}
          className="menu__item priorities__item"
          key={priority}
          onClick={() => onPick(priority)}
          type="button"
        >
          <Icon className={`flag flag--${priority}`} name="flag" size={16} />
          <span className="menu__text">{t.priority[priority]}</span>
          {priority === value ? <Icon name="check" size={16} /> : null}
        </button>
      ))}
    </div>
  );
}

export function ParentPicker({ tasks, onPick }: { tasks: readonly Task[]; onPick(parent: Task | null): void }) {
  const [text, setText] = useState("");
  const all = useTasks();
  const options = useMemo(() => {
    const moving = new Set(tasks.map((task) => task.id));
    // A task cannot be part of itself or of what is part of it.
    const inside = (task: Task | undefined): boolean =>
      task !== undefined && (moving.has(task.id) || (task.parent_id !== null && inside(all.get(task.parent_id))));
    return all.all.filter((task) => !task.completed && !inside(task) && matches(task.title, text)).slice(0, 30);
  }, [all, tasks, text]);
  return (
    <OptionList
      label={t.task.parent}
      onText={setText}
      options={[
        ...(text ? [] : [{ key: "none", text: t.task.noParent, icon: <Icon name="x" size={16} />, run: () => onPick(null) }]),
        ...options.map((task) => ({ key: task.id, text: task.title, icon: <Icon name="parent" size={16} />, run: () => onPick(task) })),
      ]}
      placeholder={t.picker.findTask}
      text={text}
    />
  );
}
