//! The four measured requests as HTTP and as statements. User ids are numbers and the seeded ids
//! end in a number, because pgbench can only generate numbers.

use std::fmt;

use clap::ValueEnum;

pub const USERS: u32 = 500;
pub const TASKS: u32 = 400;
pub const LIST_LIMIT: u32 = 50;

/// A seeded id is this and a number of twelve digits, see [`FIRST_ID`].
pub const ID_PREFIX: &str = "019ab0c4-2f6e-7000-8000-";
/// The number of user `u`'s task `t` is this plus `1000 * u + t`.
pub const FIRST_ID: u64 = 100_000_000_000;
/// Numbers from here on are free for ids that pgbench creates.
pub const FIRST_FREE_ID: u64 = 200_000_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Operation {
    Get,
    List,
    Create,
    Complete,
}

impl Operation {
    /// The requested operations or all: reads first, because writes make the tables grow.
    pub fn chosen(only: &[Self]) -> Vec<Self> {
        let all = [Self::Get, Self::List, Self::Create, Self::Complete];
        all.into_iter().filter(|operation| only.is_empty() || only.contains(operation)).collect()
    }

    pub const fn method(self) -> &'static str {
        match self {
            Self::Get | Self::List => "GET",
            Self::Create => "POST",
            Self::Complete => "PATCH",
        }
    }

    /// The path, with placeholders for a user and for the id of one of the user's tasks.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Get => "/api/{user}/tasks/{task}",
            Self::List => "/api/{user}/tasks?limit=50",
            Self::Create => "/api/{user}/tasks",
            Self::Complete => "/api/{user}/tasks/{task}/complete",
        }
    }

    /// Toggles completion, which always changes the task and needs no body.
    pub const fn body(self) -> &'static str {
        match self {
            Self::Create => r#"{"title": "Buy milk", "description": "Two litres, the blue one"}"#,
            Self::Get | Self::List | Self::Complete => "",
        }
    }

    pub const fn success(self) -> u16 {
        match self {
            Self::Create => 201,
            Self::Get | Self::List | Self::Complete => 200,
        }
    }

    /// A text that occurs in exactly one of the server's statements after collapsing whitespace.
    pub const fn marker(self) -> &'static str {
        match self {
            Self::Get => "version AS \"version: Seq\" FROM tasks WHERE owner_id = $1 AND id = $2",
            Self::List => "SELECT h.epoch, o.generation, COALESCE(o.last_seq, 0) AS head, o.last_at, t.* FROM",
            Self::Create => "SELECT taskwire_insert_task(",
            Self::Complete => "SELECT taskwire_complete_task(",
        }
    }

    /// The values for `$1`, `$2`, … of the server's statement. Absent values become null only at
    /// run time, as for the server: the planner would optimise a literal NULL away.
    pub const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Get => &[":user", TASK],
            Self::List => &[":user", "(:limit + 1)::bigint"],
            Self::Create => &[
                ":user",
                TASK,
                "NULLIF(:zero, '0')::bytea",
                "'Buy milk ' || :task",
                "'Two litres, the blue one'",
                ":no",
                ":zero::smallint",
                "NULLIF(:zero, '0')::date",
                "NULLIF(:zero, '0')::time",
                "NULLIF(:zero, '0')::text",
                "NULLIF(:zero, '0')::timestamptz",
                "NULLIF(:zero, '0')::text",
                "'{}'::text[]",
                "NULLIF(:zero, '0')::uuid",
            ],
            Self::Complete => &[":user", TASK, "NULLIF(:zero, '0')::bigint[]", "NULLIF(:zero, '0')::boolean"],
        }
    }

    /// What the bare pair selects from the server's own function, and its parameters in place of the
    /// values above. `None` for reads: there the statements are alike.
    pub fn own_for_bare(self) -> Option<(&'static str, Vec<String>)> {
        let columns = match self {
            Self::Get | Self::List => return None,
            Self::Create => "$2::uuid, $1::text, $3::text, $4::text, $5::boolean, at, at",
            Self::Complete => {
                "$2::uuid AS id, $1::text AS owner_id, title, description, completed, created_at, updated_at"
            }
        };
        let parameter = |value: &&str| match *value {
            ":user" => "$1".to_owned(),
            TASK => "$2".to_owned(),
            "'Buy milk ' || :task" => "$3".to_owned(),
            "'Two litres, the blue one'" => "$4".to_owned(),
            value => value
                .replace("NULLIF(:zero, '0')", "NULL")
                .replace(":zero", "0")
                .replace(":yes", "true")
                .replace(":no", "false"),
        };
        Some((columns, self.arguments().iter().map(parameter).collect()))
    }

    /// The bare pair's statement and the values of its parameters.
    pub const fn bare_statement(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Get => (include_str!("../bare/sql/get.sql"), &[":user", TASK]),
            Self::List => (include_str!("../bare/sql/list.sql"), &[":user", ":limit"]),
            Self::Create => (
                include_str!("../bare/sql/create.sql"),
                &[":user", TASK, "'Buy milk'", "'Two litres, the blue one'", ":no"],
            ),
            Self::Complete => (include_str!("../bare/sql/complete.sql"), &[":user", TASK]),
        }
    }
}

const TASK: &str = "('019ab0c4-2f6e-7000-8000-' || :task)::uuid";

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Get => "get",
            Self::List => "list 50",
            Self::Create => "create",
            Self::Complete => "complete",
        })
    }
}
