use std::num::NonZeroU32;
use std::sync::mpsc;
use std::task::Poll;

use futures_util::poll;
use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tenancy_core::problem::Problem;
use tenancy_security::credential::{
    Busy, NotHashed, Password, PasswordHash, Passwords, PasswordsBuilder, Verdict,
};

/// As quick as argon2 gets.
fn quick() -> PasswordsBuilder {
    Passwords::builder()
        .memory_kibibytes(number(8))
        .passes(number(1))
}

fn number(number: u32) -> NonZeroU32 {
    number.try_into().unwrap()
}

#[tokio::test]
async fn the_usual_hash_is_what_owasp_asks_for() {
    let passwords = Passwords::new();
    let hash = passwords.hash(&"four words are good".into()).await.unwrap();
    let text = hash.expose();
    assert!(
        text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{text}"
    );
    let check = async |password: &str| passwords.verify(Some(&hash), &password.into()).await;
    assert_eq!(check("four words are good").await, Ok(Verdict::Right));
    assert_eq!(check("four words are goof").await, Ok(Verdict::Wrong));
    assert_eq!(check("").await, Ok(Verdict::Wrong));
    // The salt is another each time.
    let again = passwords.hash(&"four words are good".into()).await.unwrap();
    assert_ne!(again.expose(), text);
}

#[tokio::test]
async fn a_password_has_a_length_and_needs_no_kinds_of_characters() {
    let passwords = quick().build();
    let check = async |password: &str, expected: Option<NotHashed>| {
        let hash = passwords.hash(&password.into()).await;
        assert_eq!(
            hash.err(),
            expected,
            "{} characters",
            password.chars().count()
        );
    };
    check("aaaaaaa", Some(NotHashed::TooShort(8))).await;
    check("aaaaaaab", None).await;
    check("ÄÄÄÄÄÄÄ", Some(NotHashed::TooShort(8))).await;
    check("ÄÄÄÄÄÄÄÄ", None).await;
    check("🦀 🦀 🦀 🦀 ", None).await;
    check(&"a".repeat(1024), None).await;
    check(&"a".repeat(1025), Some(NotHashed::TooLong)).await;
    let strict = quick().characters_min(15).build();
    let hash = strict.hash(&"aaaaaaaaaaaaaa".into()).await;
    assert_eq!(hash.err(), Some(NotHashed::TooShort(15)));
    // What is too long to have been hashed is wrong like anything else.
    let hash = passwords.hash(&"a".repeat(1024).into()).await.unwrap();
    let long = Password::from("a".repeat(1025));
    assert_eq!(
        passwords.verify(Some(&hash), &long).await,
        Ok(Verdict::Wrong)
    );
}

#[tokio::test]
async fn what_is_guessed_first_is_no_password() {
    let passwords = quick().build();
    let about = ["ann.smith@shop.example", "ann.smith", "R2-D2", "123"];
    let check = async |password: &str, expected: Option<NotHashed>| {
        let hash = passwords.hash_for(&password.into(), &about).await;
        assert_eq!(hash.err(), expected, "{password}");
    };
    for password in [
        "password",
        "PassWord",
        "Password2026!",
        "12345678",
        "qwerty123",
        "$starwars42$",
        "!!iloveyou",
        "Ann.Smith@Shop.example",
        "ann.smith77",
    ] {
        check(password, Some(NotHashed::Guessable)).await;
    }
    for password in [
        "password is not a word",
        "ann.smith is no word",
        "90210-4417-88!",
        "pass-word",
        "unknown words",
    ] {
        check(password, None).await;
    }
    let hash = passwords.hash(&"ann.smith77".into()).await;
    assert!(hash.is_ok(), "nobody said who this is");
}

#[tokio::test]
async fn a_hash_of_other_parameters_is_right_and_asks_to_be_made_anew() {
    let (old, new) = (quick().build(), quick().passes(number(2)).build());
    let password = Password::from("four words are good");
    let hash = old.hash(&password).await.unwrap();
    assert_eq!(old.verify(Some(&hash), &password).await, Ok(Verdict::Right));
    assert_eq!(
        new.verify(Some(&hash), &password).await,
        Ok(Verdict::Outdated)
    );
    let wrong = Password::from("four words are bad");
    assert_eq!(new.verify(Some(&hash), &wrong).await, Ok(Verdict::Wrong));
    let hash: PasswordHash = new.hash(&password).await.unwrap().expose().parse().unwrap();
    assert_eq!(new.verify(Some(&hash), &password).await, Ok(Verdict::Right));
}

fn hashed(snapshotter: &Snapshotter) -> u64 {
    let counted = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .find_map(|row| {
            let (key, _, _, value) = row;
            match value {
                DebugValue::Counter(count)
                    if key.key().name() == "tenancy_password_hashes_total" =>
                {
                    Some(count)
                }
                _ => None,
            }
        });
    counted.unwrap_or(0)
}

#[tokio::test]
async fn an_account_that_is_not_there_costs_one_hash_like_one_that_is() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let passwords = quick().build();
    let hash = passwords.hash(&"four words are good".into()).await.unwrap();
    assert_eq!(hashed(&snapshotter), 1);
    for (account, password) in [
        (Some(&hash), "four words are good"),
        (Some(&hash), "four words are bad"),
        (None, "four words are good"),
        (None, ""),
    ] {
        let verdict = passwords.verify(account, &password.into()).await.unwrap();
        let right = account.is_some() && password == "four words are good";
        assert_eq!(verdict.is_right(), right, "{password}");
        // Snapshots take what was counted along.
        assert_eq!(hashed(&snapshotter), 1, "{password}");
    }
}

#[test]
fn who_finds_no_place_to_wait_in_is_told_at_once() {
    // One thread that could hash, and the test holds it.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.max_blocking_threads(1).build().unwrap();
    let (release, held) = mpsc::channel::<()>();
    runtime.spawn_blocking(move || held.recv());
    let passwords = quick().running_max(1).waiting_max(1).build();
    let password = Password::from("four words");
    runtime.block_on(async {
        let verify = || Box::pin(passwords.verify(None, &password));
        let (mut runs, mut waits) = (verify(), verify());
        assert!(poll!(&mut runs).is_pending());
        assert!(poll!(&mut waits).is_pending());
        assert_eq!(poll!(verify()), Poll::Ready(Err(Busy)));
        assert_eq!(poll!(verify()), Poll::Ready(Err(Busy)));
        let problem = Problem::from(Busy);
        assert_eq!(problem.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(problem.headers()[0], (RETRY_AFTER, HeaderValue::from(1)));

        // Who waited and went away leaves the place; what runs keeps its own to the end.
        drop(waits);
        let mut waits = verify();
        assert!(poll!(&mut waits).is_pending());
        drop(runs);
        assert_eq!(poll!(verify()), Poll::Ready(Err(Busy)));
        release.send(()).unwrap();
        assert_eq!(waits.await, Ok(Verdict::Wrong));
        assert_eq!(verify().await, Ok(Verdict::Wrong));
    });
}
