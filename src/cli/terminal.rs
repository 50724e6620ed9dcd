//! Asks the user questions at the terminal, or reads the answers from a pipe.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::Failure;

/// The maximum length of an answer in bytes.
const ANSWER_MAX: u64 = 64 * 1024;

/// Asks a question and returns the line that the user types. Without a terminal, returns the next line of
/// standard input.
pub fn ask(question: &str) -> Result<String, Failure> {
    prompt(question)?;
    read_line()
}

/// Like [`ask`], but the terminal does not show what the user types.
pub fn ask_hidden(question: &str) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return read_line();
    }
    // Before the question, so that nothing that is typed in between shows.
    let echo_off = EchoOff::begin().map_err(Failure::new)?;
    prompt(question)?;
    let answer = read_line();
    drop(echo_off);
    // The terminal has not shown the user's line break either.
    eprintln!();
    answer
}

/// Reads a line of standard input.
pub fn read_line() -> Result<String, Failure> {
    use io::Read as _;

    let mut text = String::new();
    io::stdin().lock().take(ANSWER_MAX).read_line(&mut text).map_err(Failure::new)?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(Failure::new("nothing was entered"));
    }
    Ok(text.to_owned())
}

fn prompt(question: &str) -> Result<(), Failure> {
    if io::stdin().is_terminal() {
        // To standard error, because standard output may be redirected.
        let mut err = io::stderr().lock();
        write!(err, "{question}: ").and_then(|()| err.flush()).map_err(Failure::new)?;
    }
    Ok(())
}

/// The terminal does not show what is typed until this is dropped. Contains the previous mode.
struct EchoOff(Termios);

impl EchoOff {
    fn begin() -> rustix::io::Result<Self> {
        let previous = tcgetattr(io::stdin())?;
        let mut hidden = previous.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)?;
        Ok(Self(previous))
    }
}

impl Drop for EchoOff {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
