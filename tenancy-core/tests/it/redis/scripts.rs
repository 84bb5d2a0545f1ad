use std::time::Duration;

use fred::clients::Client;
use fred::interfaces::ClientLike;
use fred::types::CustomCommand;
use fred::types::config::Config;
use tenancy_core::ErrorKind;
use tenancy_core::redis::{Script, Value};
use tenancy_tests::Redis as Server;

use super::{administer, bytes, cause, get, handle, set};

const NONE: [&str; 0] = [];

#[tokio::test]
async fn a_script_returns_whatever_lua_can() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    let check = |source: &'static str, expected: Value| {
        let call = Script::new(source).call(["key"], ["argument"]);
        let redis = redis.clone();
        async move { assert_eq!(redis.command(call).await.unwrap(), expected, "{source}") }
    };
    check("return 7", Value::Integer(7)).await;
    check("return 'text'", bytes("text")).await;
    check("return redis.status_reply('FINE')", bytes("FINE")).await;
    check("return KEYS[1] .. ARGV[1]", bytes("keyargument")).await;
    check("return nil", Value::Nil).await;
    check("return false", Value::Nil).await;
    check("redis.call('DEL', KEYS[1])", Value::Nil).await;
    check("return {}", Value::Array(vec![])).await;
    check("return 1, 2 -- the end", Value::Integer(1)).await;
    let nested = Value::Array(vec![Value::Integer(1), Value::Array(vec![bytes("a")])]);
    check("return {1, {'a'}}", nested).await;
}

#[tokio::test]
async fn stored_text_that_looks_like_a_message_reaches_its_caller() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    let script = Script::new("return ARGV");
    let check = |words: &'static [&'static str]| {
        let call = script.call(NONE, words.iter().copied());
        let redis = redis.clone();
        async move {
            // A following command gets its own answer too.
            let answers = redis.pipeline(vec![call, set("a", "b"), get("a")]).await;
            let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
            let words = Value::Array(words.iter().map(|word| bytes(word)).collect());
            assert_eq!(answers, [words, bytes("OK"), bytes("b")]);
        }
    };
    check(&["message", "channel", "text"]).await;
    check(&["pmessage", "pattern", "channel", "text"]).await;
    check(&["smessage", "channel", "text"]).await;
    check(&["subscribe", "channel", "1"]).await;
    check(&["unsubscribe", "channel", "0"]).await;
    check(&["pubsub", "message", "channel", "text"]).await;
    check(&["invalidate", "key"]).await;
}

#[tokio::test]
async fn fred_hands_an_answer_to_the_wrong_caller_and_ours_does_not() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    let keys = ["first", "second", "third"];
    for (key, value) in keys.iter().zip(["message", "channel", "secret"]) {
        redis.command(set(key, value)).await.unwrap();
    }

    let config = Config::from_url(&server.url()).unwrap();
    let fred = Client::new(config, None, None, None);
    fred.init().await.unwrap();
    let ask = async |name, keys: &[&str]| -> Option<fred::types::Value> {
        let command = CustomCommand::new_static(name, None, false);
        let answer = fred.custom(command, keys.to_vec());
        let answer = tokio::time::timeout(Duration::from_millis(500), answer).await;
        answer.ok().map(Result::unwrap)
    };
    assert_eq!(ask("MGET", &keys).await, None);
    let answers = tokio::join!(ask("GET", &["third"]), ask("GET", &["first"]));
    assert_eq!(answers, (Some("message".into()), None));

    let answers = redis.pipeline(keys.map(get).into()).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        answers,
        [bytes("message"), bytes("channel"), bytes("secret")]
    );
}

#[tokio::test]
async fn a_scripts_own_error_is_told_in_its_words() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    let check = |source: &'static str, expected: &'static str| {
        let call = Script::new(source).call(["key"], NONE);
        let redis = redis.clone();
        async move {
            let error = redis.command(call).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Database, "{source}");
            assert!(cause(&error).starts_with(expected), "{}", cause(&error));
        }
    };
    check("return redis.error_reply('STALE by two')", "STALE by two").await;
    check("return {err = 'STALE by three'}", "STALE by three").await;
    check("return nonsense()", "ERR user_script").await;
    check(
        "redis.call('LPUSH', KEYS[1], 'a') return redis.call('INCR', KEYS[1])",
        "WRONGTYPE",
    )
    .await;
}

#[tokio::test]
async fn a_forgotten_script_is_taught_again() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    let add = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    let ask = |command| async { redis.command(command).await.unwrap() };
    assert_eq!(ask(add.call(["sum"], [2])).await, Value::Integer(2));
    assert_eq!(ask(add.call(["sum"], [2])).await, Value::Integer(4));

    administer(&server, "SCRIPT FLUSH").await;
    let commands = vec![get("sum"), add.call(["sum"], [3]), add.call(["sum"], [4])];
    let answers = redis.pipeline(commands).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [bytes("4"), Value::Integer(7), Value::Integer(11)]);

    server.kill().await;
    server.restart().await;
    let (sum, _) = super::recover(&redis, add.call(["sum"], [5])).await;
    assert_eq!(sum, Value::Integer(5));
}
