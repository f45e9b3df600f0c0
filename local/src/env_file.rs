use crate::{AUDIENCE, Error, ISSUER, Identity, TABLE_NAME, dynamodb};
use std::{env, fs, path::Path};

/// Whose credentials the functions use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Credentials {
    /// Made up, as the embedded DynamoDB checks none.
    MadeUp,
    /// Those of the environment, which are meant for the DynamoDB that the developer named.
    Environment,
}

impl Credentials {
    /// For a DynamoDB that is not ours: the environment's, if it has any. Profiles do not count, as
    /// the functions do not read them.
    pub(crate) fn of_environment() -> Self {
        match env::var_os("AWS_ACCESS_KEY_ID") {
            Some(id) if !id.is_empty() => Self::Environment,
            _ => Self::MadeUp,
        }
    }
}

/// The environment of the functions, one `NAME='value'` a line, as `cargo lambda watch --env-file`
/// and a shell's `source` both read it.
pub(crate) fn render(
    dynamodb_url: &str,
    region: &str,
    credentials: Credentials,
    identity: &Identity,
) -> String {
    let [id, secret] = dynamodb::CREDENTIALS;
    let mut variables = vec![
        ("TABLE_NAME", TABLE_NAME.to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_url.to_owned()),
        ("AWS_REGION", region.to_owned()),
        ("AUTH_JWKS", identity.jwks().to_string()),
        ("AUTH_ISSUER", ISSUER.to_owned()),
        ("AUTH_AUDIENCE", AUDIENCE.to_owned()),
    ];
    if credentials == Credentials::MadeUp {
        variables
            .extend([("AWS_ACCESS_KEY_ID", id.to_owned()), ("AWS_SECRET_ACCESS_KEY", secret.to_owned())]);
    }
    variables.iter().map(|(name, value)| format!("{name}='{value}'\n")).collect()
}

/// Replaces the file in one step: a `cargo lambda watch` that reads it meanwhile sees no half.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    let draft = path.with_extension("new");
    fs::write(&draft, text).and_then(|()| fs::rename(&draft, path)).map_err(Error::file("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::test_dir;
    use std::process::Command;

    fn names(text: &str) -> Vec<&str> {
        text.lines().map(|line| line.split_once('=').unwrap().0).collect()
    }

    #[test]
    fn it_holds_all_that_the_functions_read_and_no_private_key() {
        let identity = Identity::load_or_create(&test_dir("env")).unwrap();
        let text = render("http://127.0.0.1:8000", "eu-west-1", Credentials::MadeUp, &identity);
        let expected = [
            "TABLE_NAME",
            "AWS_ENDPOINT_URL_DYNAMODB",
            "AWS_REGION",
            "AUTH_JWKS",
            "AUTH_ISSUER",
            "AUTH_AUDIENCE",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        ];
        assert_eq!(names(&text), expected);
        assert!(!text.contains(r#""d":"#));
    }

    #[test]
    fn credentials_of_the_environment_are_not_overridden() {
        let identity = Identity::load_or_create(&test_dir("env-own")).unwrap();
        let text = render("http://127.0.0.1:8000", "eu-west-1", Credentials::Environment, &identity);
        assert!(
            !names(&text).iter().any(|name| name.starts_with("AWS_ACCESS") || name.starts_with("AWS_SECRET"))
        );
    }

    /// cargo-lambda's reader takes the shell's syntax; a shell is at hand everywhere.
    #[test]
    fn the_key_set_survives_the_quoting() {
        let dir = test_dir("env-quoting");
        let identity = Identity::load_or_create(&dir).unwrap();
        let file = dir.join("env");
        write(&file, &render("http://127.0.0.1:8000", "eu-west-1", Credentials::MadeUp, &identity)).unwrap();
        let script = r#". "$0" && printf %s "$AUTH_JWKS""#;
        let output = Command::new("sh").arg("-c").arg(script).arg(&file).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), identity.jwks().to_string());
    }
}
