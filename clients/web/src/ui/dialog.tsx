/**
 * Dialogs: Radix keeps the focus inside, closes on Escape and hides the rest from screen readers. The
 * scrim is an element of our own, because Radix's overlay writes a <style> tag, which the content
 * security policy refuses (and nothing behind it can scroll anyway: the page itself never does).
 */
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { t } from "../text/index.ts";
import { cx } from "../lib/cx.ts";
import { Icon } from "./icon.tsx";
import "../styles/dialogs.css";

interface DialogProps {
  title: string;
  /** Said to screen readers and shown under the title. */
  text?: ReactNode;
  children?: ReactNode;
  /** Buttons at the bottom. */
  actions?: ReactNode;
  onClose(): void;
  size?: "small" | "medium" | "large" | "bare";
  hideTitle?: boolean;
  className?: string;
}

export function Dialog({ title, text, children, actions, onClose, size = "small", hideTitle, className }: DialogProps) {
  return (
    <Radix.Root onOpenChange={(open) => !open && onClose()} open>
      <Radix.Portal>
        <div className="scrim">
          <Radix.Content
            aria-describedby={text ? undefined : ""}
            // Fields take the focus by themselves; without one the dialog has it, not its button to close.
            onOpenAutoFocus={(event) => {
              event.preventDefault();
              (event.currentTarget as HTMLElement).focus();
            }}
            className={cx("dialog", `dialog--${size}`, className)}
          >
            <div className={hideTitle ? "visually-hidden" : "dialog__head"}>
              <Radix.Title className="dialog__title">{title}</Radix.Title>
              {!hideTitle && (
                <Radix.Close aria-label={t.common.close} className="icon-button">
                  <Icon name="x" />
                </Radix.Close>
              )}
            </div>
            {text ? <Radix.Description asChild><div className="dialog__text">{text}</div></Radix.Description> : null}
            {children}
            {actions ? <div className="dialog__actions">{actions}</div> : null}
          </Radix.Content>
        </div>
      </Radix.Portal>
    </Radix.Root>
  );
}
