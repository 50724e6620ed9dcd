/**
 * The floating part of menus and popovers: Radix's, in the app's dress. They are not modal, because
 * Radix's modal ones write a <style> tag, which the content security policy refuses. Closed from
 * within, they give the focus back to their control; closed by going elsewhere, they let it go there.
 */
import { Popover as RadixPopover } from "radix-ui";
import { Menu as RadixMenu } from "radix-ui/internal";
import { useEffect, useRef, type ReactNode, type RefObject } from "react";
import { cx } from "../lib/cx.ts";
import { Icon, type IconName } from "./icon.tsx";

interface LayerProps {
  id: string;
  anchor: RefObject<HTMLElement | null>;
  label?: string;
  children: ReactNode;
  onClose(): void;
}

/** Within the landmark (or dialog) of its control, so that it belongs to that part of the page. */
const home = (anchor: HTMLElement | null) => anchor?.closest<HTMLElement>("[role=dialog], nav, aside, main");

/** What both kinds of layers do about their control. */
function useAnchored(anchor: RefObject<HTMLElement | null>) {
  const left = useRef(false);
  return {
    onInteractOutside(event: Event) {
      // A press on the control itself closes by the control's own click.
      if (event.target instanceof Node && anchor.current?.contains(event.target)) event.preventDefault();
      else left.current = true;
    },
    onCloseAutoFocus(event: Event) {
      event.preventDefault();
      if (!left.current) anchor.current?.focus({ preventScroll: true });
    },
  };
}

export function MenuLayer({ id, anchor, label, children, onClose, align, byKeys }: LayerProps & { align: "start" | "end"; byKeys: boolean }) {
  const content = useRef<HTMLDivElement>(null);
  const anchored = useAnchored(anchor);
  useEffect(() => {
    if (!byKeys) return;
    const frame = requestAnimationFrame(() => content.current?.querySelector<HTMLElement>("[role^=menuitem]:not([data-disabled])")?.focus());
    return () => cancelAnimationFrame(frame);
  }, [byKeys]);
  return (
    <RadixMenu.Root modal={false} onOpenChange={(open) => !open && onClose()} open>
      <RadixMenu.Anchor virtualRef={anchor as RefObject<HTMLElement>} />
      <RadixMenu.Portal container={home(anchor.current)}>
        <RadixMenu.Content
          align={align}
          aria-label={label ?? anchor.current?.getAttribute("aria-label") ?? undefined}
          className="menu"
          collisionPadding={8}
          id={id}
          loop
          // A row must not take clicks and keys in its menu for its own.
          onClick={(event) => event.stopPropagation()}
          onKeyDown={(event) => event.stopPropagation()}
          ref={content}
          sideOffset={5}
          {...anchored}
        >
          {children}
        </RadixMenu.Content>
      </RadixMenu.Portal>
    </RadixMenu.Root>
  );
}

export function PopoverLayer({ id, anchor, label, children, onClose, align, side }: LayerProps & { align: "start" | "center" | "end"; side: "top" | "bottom" | "left" }) {
  const anchored = useAnchored(anchor);
  return (
    <RadixPopover.Root onOpenChange={(open) => !open && onClose()} open>
      <RadixPopover.Anchor virtualRef={anchor as RefObject<HTMLElement>} />
      <RadixPopover.Portal container={home(anchor.current)}>
        <RadixPopover.Content
          align={align}
          aria-label={label}
          className="popover"
          collisionPadding={8}
          id={id}
          onKeyDown={(event) => event.stopPropagation()}
          side={side}
          sideOffset={6}
          {...anchored}
        >
          {children}
        </RadixPopover.Content>
      </RadixPopover.Portal>
    </RadixPopover.Root>
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
    <RadixMenu.Item className={cx("menu__item", danger && "menu__item--danger")} disabled={disabled} onSelect={onSelect}>
      {icon ? <Icon name={icon} size={17} /> : null}
      <span className="menu__text truncate">{children}</span>
      {hint ? <span aria-hidden="true" className="menu__hint">{hint}</span> : null}
    </RadixMenu.Item>
  );
}

/** One of several; a check marks the present one. */
export function MenuChoice({ children, checked, icon, onSelect }: { children: ReactNode; checked: boolean; icon?: ReactNode; onSelect(): void }) {
  return (
    <RadixMenu.CheckboxItem checked={checked} className="menu__item" onSelect={onSelect}>
      {icon}
      <span className="menu__text truncate">{children}</span>
      {checked ? <Icon name="check" size={16} /> : null}
    </RadixMenu.CheckboxItem>
  );
}

export function MenuGroup({ label, children }: { label: string; children: ReactNode }) {
  return (
    <RadixMenu.Group aria-label={label}>
      <RadixMenu.Label className="menu__label">{label}</RadixMenu.Label>
      {children}
    </RadixMenu.Group>
  );
}

/** A few choices side by side that an icon can tell; their names are for screen readers and tooltips. */
export function MenuStrip<T extends string>({ label, options, value, onSelect }: StripProps<T>) {
  return (
    <RadixMenu.Group aria-label={label}>
      <RadixMenu.Label className="menu__label">{label}</RadixMenu.Label>
      <div className="menu__strip">
        {options.map((option) => (
          <RadixMenu.CheckboxItem
            aria-label={option.text}
            checked={option.value === value}
            className="menu__item"
            key={option.value}
            onSelect={() => onSelect(option.value)}
            textValue={option.text}
            title={option.text}
          >
            {option.icon}
          </RadixMenu.CheckboxItem>
        ))}
      </div>
    </RadixMenu.Group>
  );
}

interface StripProps<T extends string> {
  label: string;
  options: readonly { value: T; text: string; icon: ReactNode }[];
  value: T;
  onSelect(value: T): void;
}

export function MenuLine() {
  return <RadixMenu.Separator className="menu__line" />;
}
