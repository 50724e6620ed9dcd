//! The results as Markdown tables.

use std::fmt;
use std::thread;

use crate::combinations::Promise;
use crate::measure::Measured;
use crate::{EACH, OTHERS, TASKS};

pub struct Report {
    pub postgres: String,
    pub measured: Vec<Measured>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = thread::available_parallelism().map_or(0, usize::from);
        writeln!(
            f,
            "{cores} cores, PostgreSQL {} with its default settings; an owner with {TASKS} tasks, of which 5 % are open, \
             beside {OTHERS} others with {EACH} each. Milliseconds that the database takes to parse, plan and run the one \
             statement of a request: medians of 11 for the first, the middle and the last page, then median and \
             maximum over all pages from the first to the last.\n",
            self.postgres
        )?;
        for (promise, title) in [
            (Promise::View, "Views: any page within 10 ms (pages of 50)"),
            (Promise::Bounded, "Everything else: bounded by one look at each task of the owner (pages of 200)"),
        ] {
            writeln!(f, "### {title}\n\n| list | request | first | middle | last | median | max | pages | index |")?;
            writeln!(f, "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")?;
            for row in self.measured.iter().filter(|row| row.of.promise == promise) {
                write!(f, "| {} | `{}` ", row.of.name, row.of.path.trim_end_matches('?'))?;
                for time in [row.first, row.middle, row.last, row.median, row.slowest] {
                    write!(f, "| {time:.1} ")?;
                }
                writeln!(f, "| {} | {} |", row.pages, row.indexes.join(", "))?;
            }
            writeln!(f)?;
        }
        for row in self.measured.iter().filter(|row| !row.holds()) {
            writeln!(f, "**{} does not hold what is promised.** {}", row.of.name, row.astray.join("; "))?;
        }
        Ok(())
    }
}
