use std::path::Path;
use std::time::Duration;

use tenancy_tests::Server;

use super::eventually;

#[tokio::test]
async fn is_ready_when_livez_is_answered_with_success() {
    let address = Server::free_address();
    let server = Server::builder(env!("CARGO_BIN_EXE_answer-livez"))
        .args([address.to_string()])
        .ready_when_answering(address)
        .start()
        .await;
    assert_eq!(server.stdout(), "503\n200\n");
}

#[tokio::test]
async fn is_ready_when_it_has_printed_a_whole_line() {
    let server = shell("printf 'listening '; sleep 0.2; echo on $PORT; sleep 60")
        .env("PORT", "8080")
        .ready_when_printed("listening")
        .start()
        .await;
    assert_eq!(server.stdout(), "listening on 8080\n");
    assert_eq!(server.stderr(), "");
}

#[tokio::test]
async fn works_in_a_folder_of_its_own_that_goes_with_it() {
    let server = shell("touch made; pwd; sleep 60")
        .ready_when_printed("/")
        .start()
        .await;
    let folder = server.folder().to_owned();
    assert_eq!(server.stdout().trim_end(), folder.to_str().unwrap());
    assert!(folder.join("made").is_file());
    drop(server);
    assert!(!folder.exists());
}

#[tokio::test]
async fn terminates_with_the_programs_own_status() {
    let server = shell("trap 'echo bye >&2; exit 3' TERM; echo up; while :; do sleep 0.05; done")
        .ready_when_printed("up")
        .start()
        .await;
    assert_eq!(server.terminate().await.code(), Some(3));
    assert_eq!(server.stderr(), "bye\n");
    assert_eq!(server.pid(), None);
}

#[tokio::test]
async fn is_killed_with_everything_it_has_started() {
    let server = shell("sleep 60 & echo child $!; wait")
        .ready_when_printed("child")
        .start()
        .await;
    let child = server
        .stdout()
        .trim_start_matches("child ")
        .trim_end()
        .to_owned();
    let command_line = Path::new("/proc").join(child).join("cmdline");
    eventually("the child runs", || {
        std::fs::read(&command_line).unwrap() == b"sleep\x0060\0"
    });
    server.kill().await;
    eventually("the child is gone", || {
        std::fs::read(&command_line).unwrap_or_default().is_empty()
    });
}

#[tokio::test]
async fn one_that_ends_too_early_shows_what_it_said() {
    let ended = shell("echo reason >&2; exit 4")
        .ready_when_printed("up")
        .try_start()
        .await;
    let message = ended.unwrap_err().to_string();
    assert!(
        message.starts_with("/bin/sh ended with exit status: 4"),
        "{message}"
    );
    assert!(message.ends_with("reason"), "{message}");
}

#[tokio::test]
async fn one_that_takes_too_long_fails() {
    let brief = Duration::from_millis(100);
    let late = shell("sleep 60")
        .ready_when_printed("up")
        .patience(brief)
        .try_start()
        .await;
    let message = late.unwrap_err().to_string();
    assert!(
        message.starts_with("/bin/sh was not ready after 100ms"),
        "{message}"
    );
}

#[tokio::test]
#[should_panic(expected = "the program no-such-program is not built")]
async fn a_program_that_is_not_built_is_named() {
    Server::built("no-such-program");
}

fn shell(script: &str) -> tenancy_tests::server::ServerBuilder {
    Server::builder("/bin/sh").args(["-c", script])
}
