/**
 * Menus and popovers in the app's dress. They are not modal: Radix's modal ones write a <style> tag,
 * which the content security policy refuses. Both return the focus to what opened them.
 */
import { DropdownMenu, Popover as RadixPopover } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { cx } from "../lib/cx.ts";
import { Icon, type IconName } from "./icon.tsx";

interface MenuProps {
  trigger: ReactElement;
  children: ReactNode;
  align?: "start" | "end";
  side?: "top" | "bottom" | "right";
  label?: string;
}

export function Menu({ trigger, children, align = "start", side = "bottom", label }: MenuProps) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align={align} aria-label={label} className="menu" collisionPadding={8} loop side={side} sideOffset={5}>
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface ItemProps {
  icon?: IconName;
  children: ReactNode;
  hint?: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  onSelect(): void;
}

export function MenuItem({ icon, children, hint, danger, disabled, onSelect }: ItemProps) {
  return (
    <DropdownMenu.Item className={cx("menu__item", danger && "menu__item--danger")} disabled={disabled} onSelect={onSelect}>
      {icon ? <Icon name={icon} size={17} /> : null}
      <span className="menu__text truncate">{children}</span>
      {hint ? <span aria-hidden="true" className="menu__hint">{hint}</span> : null}
    </DropdownMenu.Item>
  );
}

/** One of several; a check marks the present one. */
export function MenuChoice({ children, checked, icon, onSelect }: { children: ReactNode; checked: boolean; icon?: ReactNode; onSelect(): void }) {
  return (
    <DropdownMenu.CheckboxItem checked={checked} className="menu__item" onSelect={onSelect}>
      {icon}
      <span className="menu__text truncate">{children}</span>
      {checked ? <Icon name="check" size={16} /> : null}
    </DropdownMenu.CheckboxItem>
  );
}

export const MenuLine = () => <DropdownMenu.Separator className="menu__line" />;
export const MenuLabel = ({ children }: { children: ReactNode }) => <DropdownMenu.Label className="menu__label">{children}</DropdownMenu.Label>;

interface PopoverProps {
  trigger: ReactElement;
  label: string;
  children: ReactNode;
  open: boolean;
  onOpenChange(open: boolean): void;
  align?: "start" | "center" | "end";
  side?: "top" | "bottom" | "left";
}

export function Popover({ trigger, label, children, open, onOpenChange, align = "start", side = "bottom" }: PopoverProps) {
  return (
    <RadixPopover.Root onOpenChange={onOpenChange} open={open}>
      <RadixPopover.Trigger asChild>{trigger}</RadixPopover.Trigger>
      <RadixPopover.Portal>
        <RadixPopover.Content align={align} aria-label={label} className="popover" collisionPadding={8} side={side} sideOffset={6}>
          {children}
        </RadixPopover.Content>
      </RadixPopover.Portal>
    </RadixPopover.Root>
  );
}
