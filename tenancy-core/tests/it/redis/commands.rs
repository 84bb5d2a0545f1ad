use std::time::Duration;

use tenancy_core::ErrorKind;
use tenancy_core::redis::{Command, Redis, Value};
use tenancy_tests::Redis as Server;

use super::proxy::Proxy;
use super::{TIME_OUT, bytes, cause, get, handle, incr, set};

#[tokio::test]
async fn a_command_is_answered_by_what_the_server_holds() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    let ask = |command| async { redis.command(command).await.unwrap() };
    assert_eq!(ask(get("greeting")).await, Value::Nil);
    assert_eq!(ask(set("greeting", "hello")).await, bytes("OK"));
    assert_eq!(ask(get("greeting")).await, bytes("hello"));
    assert_eq!(ask(incr("visits")).await, Value::Integer(1));

    let raw = [0_u8, 0xff, b'\r', b'\n'];
    ask(Command::new("SET").key("raw").arg(&raw[..])).await;
    assert_eq!(ask(get("raw")).await, Value::Bytes(raw.to_vec().into()));

    let add = Command::new("XADD").key("log").arg("1-1").arg("a").arg(2);
    assert_eq!(ask(add).await, bytes("1-1"));
    let entry = vec![bytes("1-1"), Value::Array(vec![bytes("a"), bytes("2")])];
    let read = ask(Command::new("XRANGE").key("log").arg("-").arg("+")).await;
    assert_eq!(read, Value::Array(vec![Value::Array(entry)]));
}

#[tokio::test]
async fn a_refusal_is_told_in_the_servers_words() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    redis.command(set("text", "words")).await.unwrap();
    let error = redis.command(incr("text")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database);
    assert_eq!(cause(&error), "ERR value is not an integer or out of range");
    assert_eq!(redis.command(get("text")).await.unwrap(), bytes("words"));

    let push = Command::new("RPUSH").key("list").arg("words");
    redis.command(push).await.unwrap();
    let error = redis.command(get("list")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database);
    let expected = "WRONGTYPE Operation against a key holding the wrong kind of value";
    assert_eq!(cause(&error), expected);
}

#[tokio::test]
async fn a_pipeline_answers_each_command_by_itself_and_refuses_unsupported_ones() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    let mget = Command::new("MGET").key("a").key("b");
    let commands = vec![set("a", "x"), mget, incr("a"), get("a")];
    let answers = redis.pipeline(commands).await;
    let told: Vec<_> = answers
        .iter()
        .map(|answer| answer.as_ref().map_err(cause))
        .collect();
    let unsupported = "the command MGET is not supported; call it in a script";
    let refused = "ERR value is not an integer or out of range";
    assert_eq!(
        told,
        [
            Ok(&bytes("OK")),
            Err(unsupported.to_owned()),
            Err(refused.to_owned()),
            Ok(&bytes("x"))
        ]
    );
    assert_eq!(
        answers[1].as_ref().unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    assert_eq!(redis.pipeline(Vec::new()).await.len(), 0);
}

#[tokio::test]
async fn a_pipeline_takes_one_round_trip() {
    let server = Server::start().await;
    let proxy = Proxy::to(server.port()).await;
    let redis = handle(&proxy.url());
    redis.command(set("visits", "0")).await.unwrap();

    let before = proxy.round_trips();
    let answers = redis.pipeline(vec![incr("visits"); 500]).await;
    assert_eq!(proxy.round_trips() - before, 1);
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    let expected: Vec<_> = (1..=500).map(Value::Integer).collect();
    assert_eq!(answers, expected);

    for _ in 0..3 {
        redis.command(incr("visits")).await.unwrap();
    }
    assert_eq!(proxy.round_trips() - before, 4);
}

#[tokio::test]
async fn what_is_asked_for_together_is_written_together() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    redis.command(set("greeting", "hello")).await.unwrap();
    let reads = async || {
        let stats = redis.command(Command::new("INFO").arg("stats")).await;
        let stats = stats.unwrap().into_bytes().unwrap().unwrap();
        let stats = String::from_utf8(stats.to_vec()).unwrap();
        let (_, rest) = stats.split_once("total_reads_processed:").unwrap();
        let digits = rest.split_once("\r\n").unwrap().0;
        digits.parse::<u64>().unwrap()
    };
    let before = reads().await;
    let answers = redis.pipeline(vec![get("greeting"); 500]).await;
    assert!((before..before + 20).contains(&reads().await));
    assert_eq!(answers.len(), 500);
    for answer in answers {
        assert_eq!(answer.unwrap(), bytes("hello"));
    }
}

#[tokio::test]
async fn an_answer_whose_caller_has_gone_reaches_nobody_else() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    for number in 0..200_u64 {
        redis
            .command(Command::new("SET").key(number.to_string()).arg(number))
            .await
            .unwrap();
    }
    for number in 0..200_u64 {
        let key = number.to_string();
        let abandoned = redis.command(get("0"));
        // Long enough to be sent, most of the time.
        let _ = tokio::time::timeout(Duration::from_micros(number), abandoned).await;
        let answer = redis.command(get(&key)).await.unwrap();
        assert_eq!(answer, Value::Bytes(key.into()));
    }
}

#[tokio::test]
async fn more_commands_than_may_wait_fail_at_once() {
    let server = Server::start().await;
    let redis = Redis::builder(&server.url())
        .time_out(TIME_OUT)
        .commands_max(10);
    let redis = redis.build().unwrap();
    redis.command(set("key", "value")).await.unwrap();
    server.pause().await;
    let (waiting, refused) = tokio::join!(
        redis.pipeline(vec![get("key"); 10]),
        redis.command(get("key"))
    );
    assert!(waiting.iter().all(|answer| {
        let error = answer.as_ref().unwrap_err();
        error.kind() == ErrorKind::TimedOut
    }));
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    let expected = format!(
        "Redis at 127.0.0.1:{}: at most 10 commands may wait",
        server.port()
    );
    assert_eq!(cause(&refused), expected);
}
