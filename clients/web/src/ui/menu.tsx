/**
 * Menus and popovers: the control that opens one, which is drawn with the page. The floating part is
 * fetched once the page stands (`warmFloating`), for no page needs it to be read.
 */
import { cloneElement, lazy, Suspense, useId, useRef, useState, type HTMLAttributes, type KeyboardEvent, type ReactElement, type ReactNode, type Ref } from "react";

const load = () => import("./floating.tsx");
export const warmFloating = (): void => void load();

const MenuLayer = lazy(async () => ({ default: (await load()).MenuLayer }));
const PopoverLayer = lazy(async () => ({ default: (await load()).PopoverLayer }));
export const MenuItem = lazy(async () => ({ default: (await load()).MenuItem }));
export const MenuChoice = lazy(async () => ({ default: (await load()).MenuChoice }));
export const MenuGroup = lazy(async () => ({ default: (await load()).MenuGroup }));
export const MenuStrip = lazy(async () => ({ default: (await load()).MenuStrip })) as typeof import("./floating.tsx").MenuStrip;
export const MenuLine = lazy(async () => ({ default: (await load()).MenuLine }));

type Trigger = ReactElement<HTMLAttributes<HTMLElement> & { ref?: Ref<HTMLElement>; "data-state"?: string }>;

interface MenuProps {
  trigger: Trigger;
  children: ReactNode;
  align?: "start" | "end";
  label?: string;
}

export function Menu({ trigger, children, align = "start", label }: MenuProps) {
  const id = useId();
  const anchor = useRef<HTMLElement>(null);
  /** Opened with the keyboard, a menu begins at its first item. */
  const [open, setOpen] = useState<false | "pointer" | "keys">(false);
  return (
    <>
      {cloneElement(trigger, {
        ref: anchor,
        "aria-haspopup": "menu",
        "aria-expanded": open !== false,
        "aria-controls": open ? id : undefined,
        "data-state": open ? "open" : "closed",
        onClick: (event) => setOpen(open ? false : event.detail === 0 ? "keys" : "pointer"),
        onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
          trigger.props.onKeyDown?.(event);
          if (event.key !== "ArrowDown" || event.defaultPrevented) return;
          event.preventDefault();
          event.stopPropagation();
          setOpen("keys");
        },
      })}
      {open ? (
        <Suspense fallback={null}>
          <MenuLayer align={align} anchor={anchor} byKeys={open === "keys"} id={id} label={label} onClose={() => setOpen(false)}>{children}</MenuLayer>
        </Suspense>
      ) : null}
    </>
  );
}

interface PopoverProps {
  trigger: Trigger;
  label: string;
  children: ReactNode;
  open: boolean;
  onOpenChange(open: boolean): void;
  align?: "start" | "center" | "end";
  side?: "top" | "bottom" | "left";
}

export function Popover({ trigger, label, children, open, onOpenChange, align = "start", side = "bottom" }: PopoverProps) {
  const id = useId();
  const anchor = useRef<HTMLElement>(null);
  return (
    <>
      {cloneElement(trigger, {
        ref: anchor,
        "aria-haspopup": "dialog",
        "aria-expanded": open,
        "aria-controls": open ? id : undefined,
        "data-state": open ? "open" : "closed",
        onClick: () => onOpenChange(!open),
      })}
      {open ? (
        <Suspense fallback={null}>
          <PopoverLayer align={align} anchor={anchor} id={id} label={label} onClose={() => onOpenChange(false)} side={side}>{children}</PopoverLayer>
        </Suspense>
      ) : null}
    </>
  );
}
