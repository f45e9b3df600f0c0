//! The command line of `cargo local`: everything that works without building the functions.

#![expect(clippy::expect_used, reason = "clippy.toml allows this in tests, but not in their helpers")]

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

fn local(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_local")).args(arguments).output().expect("the binary runs")
}

fn data_dir(name: &str) -> PathBuf {
    let path = env::temp_dir().join(format!("local-cli-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    path
}

fn free_port() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port().to_string()
}

fn assert_refused(output: &Output, expected: &str) {
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.starts_with("error: ") && stderr.contains(expected), "{stderr}");
    assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
}

#[test]
fn token_prints_a_token_and_nothing_else() {
    let data_dir = data_dir("token");
    let output = local(&["token", "auth0|64ab", "--ttl", "15m", "--data-dir", data_dir.to_str().unwrap()]);
    assert!(output.status.success());
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout.trim_end().split('.').count(), 3, "{stdout}");
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    assert!(output.stderr.is_empty());
}

#[test]
fn a_services_token_names_the_service_and_has_its_scope_alone() {
    let data_dir = data_dir("service");
    let data_dir = data_dir.to_str().unwrap();
    let claims = |who: &[&str]| -> serde_json::Value {
        let output = local(&[&["token"], who, &["--data-dir", data_dir]].concat());
        assert!(output.status.success(), "{output:?}");
        let token = String::from_utf8(output.stdout).unwrap();
        let claims = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
    };
    let service = claims(&["--service", "billing"]);
    assert_eq!((&service["sub"], &service["scope"]), (&"billing".into(), &"organizations/service".into()));
    let user = claims(&["billing"]);
    let both = "organizations/read organizations/write";
    assert_eq!((&user["sub"], &user["scope"]), (&"billing".into(), &both.into()));
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn only_the_owner_can_read_the_data_directory_and_its_files() {
    let data_dir = data_dir("private");
    let arguments = ["token", "ann", "--data-dir", data_dir.to_str().unwrap()];
    let assert_private = || {
        assert!(local(&arguments).status.success());
        assert_eq!(mode(&data_dir), 0o700);
        assert_eq!(mode(&data_dir.join("signing-key.p8")), 0o600);
    };
    assert_private();
    // An earlier version created it like this.
    fs::set_permissions(&data_dir, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(data_dir.join("signing-key.p8"), fs::Permissions::from_mode(0o644)).unwrap();
    assert_private();
}

#[test]
fn a_directory_of_others_is_refused_and_left_as_it_is() {
    let data_dir = data_dir("not-ours");
    fs::create_dir(&data_dir).unwrap();
    fs::set_permissions(&data_dir, fs::Permissions::from_mode(0o755)).unwrap();
    // As in the root of a repository.
    fs::write(data_dir.join(".gitignore"), "/target\n").unwrap();
    let output = local(&["token", "ann", "--data-dir", data_dir.to_str().unwrap()]);
    assert_refused(&output, "choose another directory with --data-dir");
    assert_eq!(mode(&data_dir), 0o755);
    assert_eq!(fs::read_dir(&data_dir).unwrap().count(), 1);
}

#[test]
fn symbolic_links_in_the_data_directory_are_not_followed() {
    for (command, name) in [
        (&["token", "ann"][..], "signing-key.p8"),
        (&["token", "ann"], ".gitignore"),
        (&["reset"], "lock"),
        (&["events"], "events.jsonl"),
    ] {
        let (data_dir, other) = (data_dir("links"), data_dir("links-other"));
        fs::create_dir_all(&data_dir).unwrap();
        fs::set_permissions(&data_dir, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(local(&["token", "ann", "--data-dir", other.to_str().unwrap()]).status.success());
        let target = other.join("signing-key.p8");
        let before = fs::read(&target).unwrap();
        symlink(&target, data_dir.join(name)).unwrap();
        let output = local(&[command, &["--data-dir", data_dir.to_str().unwrap()]].concat());
        assert_refused(&output, &format!("{name} is a symbolic link"));
        assert_eq!(fs::read(&target).unwrap(), before, "{name}");
    }
}

#[test]
fn events_are_printed_and_followed_until_ctrl_c() {
    let data_dir = data_dir("events");
    fs::create_dir_all(&data_dir).unwrap();
    let file = data_dir.join("events.jsonl");
    fs::write(&file, "{\"detail-type\":\"organization.created\"}\n").unwrap();
    let mut follower = Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["events", "--data-dir", data_dir.to_str().unwrap()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), r#"{"detail-type":"organization.created"}"#);
    let mut file = fs::OpenOptions::new().append(true).open(file).unwrap();
    file.write_all(b"{\"detail-type\":\"organization.updated\"}\n").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), r#"{"detail-type":"organization.updated"}"#);
    kill_process(Pid::from_child(&follower), Signal::INT).unwrap();
    assert!(follower.wait().unwrap().success());
    assert!(lines.next().is_none());
}

#[test]
fn a_user_id_that_the_functions_refuse_is_refused() {
    let output = local(&["token", "not a user"]);
    assert_refused(&output, "1 to 255 printable ASCII characters");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_busy_port_is_refused_before_anything_is_built() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let options = ["--port", "--dynamodb-port", "--reference-port"];
    for option in options {
        let data_dir = data_dir("busy");
        let mut arguments = vec![option, &port, "--data-dir", data_dir.to_str().unwrap()];
        let free = options.map(|_| free_port());
        for (other, free) in options.iter().zip(&free).filter(|(other, _)| **other != option) {
            arguments.extend([other, free.as_str()]);
        }
        let started = Instant::now();
        let output = local(&arguments);
        assert_refused(&output, &format!("choose another one with {option}"));
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

/// watchexec starts every function with setsid. Dropping the write end of the pipe has the same effect
/// as killing the process that holds it.
#[cfg(target_os = "linux")]
#[test]
fn no_descendant_survives_the_process_that_started_it() {
    let mut supervisor = Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["supervise", "--", "sh", "-c", "trap '' TERM; setsid sleep 300 & echo $!; wait"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(supervisor.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let grandchild = Pid::from_raw(line.trim().parse().unwrap()).unwrap();
    thread::sleep(Duration::from_millis(200));
    test_kill_process(grandchild).expect("it runs until the pipe closes");

    drop(supervisor.stdin.take());
    assert!(supervisor.wait().unwrap().success());
    assert!(test_kill_process(grandchild).is_err(), "the grandchild still runs");
}

#[test]
fn the_supervisor_ends_when_its_command_ends() {
    let mut supervisor = Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["supervise", "--", "sh", "-c", "exit 7"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // `wait` would close the pipe, which also ends the supervisor.
    let _open = supervisor.stdin.take();
    assert_eq!(supervisor.wait().unwrap().code(), Some(7));
}
