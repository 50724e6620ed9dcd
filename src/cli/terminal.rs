//! Questions to whoever sits at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::Failure;

/// Longer lines are no answers.
const LONGEST: u64 = 64 * 1024;

/// An answer that may be seen. Where nobody sits, it is the next line of what is piped in.
pub fn ask(question: &str) -> Result<String, Failure> {
    prompt(question)?;
    line()
}

/// The same unseen.
pub fn ask_unseen(question: &str) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return line();
    }
    // Before the question, so that nothing typed in between shows.
    let unseen = Unseen::begin().map_err(Failure::new)?;
    prompt(question)?;
    let answer = line();
    drop(unseen);
    // The line's end was unseen, too.
    eprintln!();
    answer
}

/// A line of what is piped in, or typed.
pub fn line() -> Result<String, Failure> {
    use io::Read as _;

    let mut text = String::new();
    io::stdin().lock().take(LONGEST).read_line(&mut text).map_err(Failure::new)?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(Failure::new("nothing was entered"));
    }
    Ok(text.to_owned())
}

fn prompt(question: &str) -> Result<(), Failure> {
    if io::stdin().is_terminal() {
        // Not to standard output, which may go elsewhere.
        let mut err = io::stderr().lock();
        write!(err, "{question}: ").and_then(|()| err.flush()).map_err(Failure::new)?;
    }
    Ok(())
}

/// While it lives, what is typed does not show.
struct Unseen(Termios);

impl Unseen {
    fn begin() -> rustix::io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut unseen = before.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &unseen)?;
        Ok(Self(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
