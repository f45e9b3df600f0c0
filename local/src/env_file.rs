//! The environment file that `cargo lambda watch` starts the functions with.

use crate::{
    AUDIENCE, Error, ISSUER, Identity, READ_SCOPE, SERVICE_SCOPE, Settings, TABLE_NAME, WRITE_SCOPE, bus,
    credentials::{Credentials, PLACEHOLDERS},
    data_dir,
};
use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
};

/// The environment of the functions, one `NAME='value'` a line. `cargo lambda watch --env-file` and a
/// shell's `source` both read this format. Without a bus, it lacks the variables that only `record-events` reads.
pub(crate) fn render(
    dynamodb_url: &str,
    bus_url: Option<&str>,
    region: &str,
    credentials: Credentials,
    identity: &Identity,
    settings: &Settings,
) -> String {
    let mut variables = vec![
        ("TABLE_NAME", TABLE_NAME.to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_url.to_owned()),
        ("AWS_REGION", region.to_owned()),
        ("AUTH_JWKS", identity.jwks().to_string()),
        ("AUTH_ISSUER", ISSUER.to_owned()),
        ("AUTH_AUDIENCE", AUDIENCE.to_owned()),
        ("AUTH_READ_SCOPE", READ_SCOPE.to_owned()),
        ("AUTH_WRITE_SCOPE", WRITE_SCOPE.to_owned()),
        ("AUTH_SERVICE_SCOPE", SERVICE_SCOPE.to_owned()),
    ];
    variables.extend(settings.variables());
    if let Some(url) = bus_url {
        variables.extend([
            ("AWS_ENDPOINT_URL_EVENTBRIDGE", url.to_owned()),
            ("EVENT_BUS_NAME", bus::NAME.to_owned()),
            ("EVENT_SOURCE", bus::SOURCE.to_owned()),
        ]);
    }
    if credentials == Credentials::Placeholder {
        let [id, secret] = PLACEHOLDERS;
        variables
            .extend([("AWS_ACCESS_KEY_ID", id.to_owned()), ("AWS_SECRET_ACCESS_KEY", secret.to_owned())]);
    }
    variables.iter().map(|(name, value)| format!("{name}='{value}'\n")).collect()
}

/// Replaces the file atomically, so that no `cargo lambda watch` reads half of it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    let draft = path.with_extension("new");
    let mut file = data_dir::open(&draft, OpenOptions::new().write(true).create(true).truncate(true))?;
    file.write_all(text.as_bytes())
        .and_then(|()| fs::rename(&draft, path))
        .map_err(Error::file("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::test_dir;
    use std::{
        os::unix::fs::{PermissionsExt as _, symlink},
        process::Command,
    };

    fn with_defaults(credentials: Credentials, identity: &Identity) -> String {
        let bus = Some("http://127.0.0.1:8001");
        render("http://127.0.0.1:8000", bus, "eu-west-1", credentials, identity, &Settings::default())
    }

    fn names(text: &str) -> Vec<&str> {
        text.lines().map(|line| line.split_once('=').unwrap().0).collect()
    }

    #[test]
    fn the_file_has_every_variable_that_the_functions_read_and_no_private_key() {
        let identity = Identity::load_or_create(&test_dir("env")).unwrap();
        let text = with_defaults(Credentials::Placeholder, &identity);
        let expected = [
            "TABLE_NAME",
            "AWS_ENDPOINT_URL_DYNAMODB",
            "AWS_REGION",
            "AUTH_JWKS",
            "AUTH_ISSUER",
            "AUTH_AUDIENCE",
            "AUTH_READ_SCOPE",
            "AUTH_WRITE_SCOPE",
            "AUTH_SERVICE_SCOPE",
            "MAX_ORGANIZATIONS_PER_USER",
            "DELETED_ORGANIZATION_DAYS",
            "INVITATION_URL",
            "INVITEE_EMAIL_CLAIM",
            "AWS_ENDPOINT_URL_EVENTBRIDGE",
            "EVENT_BUS_NAME",
            "EVENT_SOURCE",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        ];
        assert_eq!(names(&text), expected);
        assert!(!text.contains(r#""d":"#));
    }

    #[test]
    fn the_settings_are_in_the_file() {
        let identity = Identity::load_or_create(&test_dir("env-settings")).unwrap();
        let settings = Settings {
            max_organizations_per_user: 3,
            deleted_organization_days: 2,
            invitation_url: "https://app.example.com/join".to_owned(),
            invitee_email_claim: "email".to_owned(),
        };
        let url = "http://127.0.0.1:8000";
        let text = render(url, None, "eu-west-1", Credentials::Placeholder, &identity, &settings);
        assert!(!names(&text).iter().any(|name| name.contains("EVENT")), "{text}");
        for line in [
            "MAX_ORGANIZATIONS_PER_USER='3'",
            "DELETED_ORGANIZATION_DAYS='2'",
            "INVITATION_URL='https://app.example.com/join'",
            "INVITEE_EMAIL_CLAIM='email'",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn credentials_of_the_environment_are_not_overridden() {
        let identity = Identity::load_or_create(&test_dir("env-own")).unwrap();
        let text = with_defaults(Credentials::Environment, &identity);
        assert!(
            !names(&text).iter().any(|name| name.starts_with("AWS_ACCESS") || name.starts_with("AWS_SECRET"))
        );
    }

    #[test]
    fn only_the_owner_can_read_the_file_and_no_link_is_followed() {
        let dir = test_dir("env-private");
        let file = dir.join("env");
        fs::write(&file, "older").unwrap();
        write(&file, "A='1'\n").unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

        let other = dir.join("other");
        fs::write(&other, "x").unwrap();
        symlink(&other, dir.join("env.new")).unwrap();
        assert!(matches!(write(&file, "A='2'\n"), Err(Error::SymbolicLink(_))));
        assert_eq!(fs::read(&other).unwrap(), b"x");
    }

    /// A shell stands in for cargo-lambda, whose parser follows the shell's syntax.
    #[test]
    fn the_key_set_survives_the_quoting() {
        let dir = test_dir("env-quoting");
        let identity = Identity::load_or_create(&dir).unwrap();
        let file = dir.join("env");
        write(&file, &with_defaults(Credentials::Placeholder, &identity)).unwrap();
        let script = r#". "$0" && printf %s "$AUTH_JWKS""#;
        let output = Command::new("sh").arg("-c").arg(script).arg(&file).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), identity.jwks().to_string());
    }
}
