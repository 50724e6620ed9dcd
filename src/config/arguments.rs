//! The settings as arguments of clap. Each has a flag and an environment variable. Clap reads every
//! value as text, because it would report only the first invalid value.

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};

use super::given::Given;
use super::setting::{DefaultText, Description, Group, flag, plain};
use super::settings;

/// The settings of `taskwire serve`.
#[derive(Default)]
pub struct Settings(pub(super) Given);

/// The settings that `taskwire token` needs to sign tokens that `taskwire serve` accepts.
#[derive(Default)]
pub struct TokenSettings(pub(super) Given);

impl Settings {
    const GROUPS: &[&Group] = &settings::ALL;

    /// The same settings and this one. `name` is its variable.
    #[must_use]
    pub fn with(mut self, name: &str, text: impl Into<String>) -> Self {
        insert(&mut self.0, Self::GROUPS, name, text.into());
        self
    }
}

impl TokenSettings {
    const GROUPS: &[&Group] = &[&settings::tokens::TOKENS];

    /// The same settings and this one. `name` is its variable.
    #[must_use]
    pub fn with(mut self, name: &str, text: impl Into<String>) -> Self {
        insert(&mut self.0, Self::GROUPS, name, text.into());
        self
    }
}

impl Args for Settings {
    fn augment_args(command: Command) -> Command {
        command.args(arguments(Self::GROUPS))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self(given(Self::GROUPS, matches)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for TokenSettings {
    fn augment_args(command: Command) -> Command {
        command.args(arguments(Self::GROUPS))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for TokenSettings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self(given(Self::GROUPS, matches)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn arguments(groups: &[&'static Group]) -> Vec<Arg> {
    let of_group =
        |group: &'static Group| group.described().map(|setting| argument(&setting).help_heading(group.title));
    groups.iter().copied().flat_map(of_group).collect()
}

fn argument(setting: &Description) -> Arg {
    let default = match &setting.default {
        DefaultText::Value(value) => value.clone(),
        DefaultText::Words(words) => plain(words),
    };
    Arg::new(setting.name)
        .long(flag(setting.name))
        .env(setting.name)
        .value_name(setting.placeholder)
        .help(format!("{} [default: {default}]", setting.plain_meaning()))
        .hide_env_values(setting.secret)
        .allow_hyphen_values(setting.secret)
}

fn given(groups: &[&'static Group], matches: &ArgMatches) -> Given {
    let mut given = Given::default();
    for name in settings::names(groups) {
        if let Some(text) = matches.get_one::<String>(name) {
            given.insert(name, text.clone());
        }
    }
    given
}

fn insert(given: &mut Given, groups: &[&'static Group], name: &str, text: String) {
    let listed = settings::names(groups).find(|listed| *listed == name);
    debug_assert!(listed.is_some(), "{name} is no setting of this command");
    if let Some(listed) = listed {
        given.insert(listed, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_can_be_arguments_of_a_command() {
        TokenSettings::augment_args(Command::new("token")).debug_assert();
        Settings::augment_args(Command::new("serve")).debug_assert();
    }

    #[test]
    fn help_hides_secrets() {
        let command = Settings::augment_args(Command::new("serve"));
        let hidden = command.get_arguments().filter(|arg| arg.is_hide_env_values_set());
        let hidden: Vec<_> = hidden.map(|arg| arg.get_id().as_str()).collect();
        assert_eq!(hidden, ["DATABASE_URL", "DATABASE_DIRECT_URL", "JWT_SECRET"]);
    }

    #[test]
    fn help_names_flag_placeholder_range_and_default() {
        let mut command = Settings::augment_args(Command::new("serve"));
        let help = command.render_help().to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "Network:",
            "--request-timeout <DURATION> Longest time that one request may take, 100ms to 10m [default: 30s] \
             [env: REQUEST_TIMEOUT=",
            "--port <PORT> Port to listen on, 0 to 65535; 0 takes any free port [default: 8000]",
            "[default: 4 per core, 8 to 32]",
        ] {
            assert!(help.contains(part), "{part} is not in {help}");
        }
    }

    #[test]
    fn flags_win_over_variables() {
        let command = Settings::augment_args(Command::new("serve").no_binary_name(true));
        let matches = command.try_get_matches_from(["--port=1", "--jwt-secret", "-a secret"]).unwrap();
        let Settings(given) = Settings::from_arg_matches(&matches).unwrap();
        assert!(given.is_given(&settings::network::PORT) && given.is_given(&settings::tokens::JWT_SECRET));
    }
}
