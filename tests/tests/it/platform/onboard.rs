//! Tenants that several commands set up at once.

use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tenancy_tests::Server;

use super::Town;

impl Town {
    /// Runs commands at the same time, and gives what each said.
    fn at_once(&self, commands: &[[&str; 5]]) -> Vec<Output> {
        let begin = |arguments: &[&str; 5]| {
            let settings = self.settings.iter().map(|(name, value)| (name, value));
            let mut command = Command::new(Server::built("platform"));
            command.envs(settings).args(arguments).arg("--json");
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        };
        let running: Vec<_> = commands.iter().map(begin).collect();
        let running = running.into_iter();
        running.map(|one| one.wait_with_output().unwrap()).collect()
    }
}

#[tokio::test]
async fn of_commands_that_create_one_tenant_at_once_one_gets_it_and_the_rest_are_told() {
    for town in [Town::on_sqlite().await, Town::on_postgres().await] {
        for slug in ["first", "second", "third", "fourth"] {
            let currencies = ["USD", "EUR", "GBP", "JPY", "CHF"];
            let commands =
                currencies.map(|currency| ["tenant", "create", slug, "--currency", currency]);
            let (mut winners, mut told) = (vec![], 0);
            for (done, currency) in town.at_once(&commands).iter().zip(currencies) {
                let said: Value = serde_json::from_slice(&done.stdout).unwrap();
                if done.status.success() {
                    winners.push((said, currency));
                    continue;
                }
                let error = said["error"].as_str().unwrap();
                let true_words = error.contains("is being set up by another command")
                    || error.contains("already has the slug");
                assert!(true_words, "{error}");
                told += 1;
            }
            let [(won, currency)] = &winners[..] else {
                panic!("{winners:?}")
            };
            assert_eq!(told, commands.len() - 1);
            let tenant = town.command(&["tenant", "show", slug]);
            assert_eq!(tenant["status"], "active");
            assert_eq!(tenant["settings"]["currency"], *currency);
            let keys = town.command(&["key", "list", "--tenant", slug]);
            let keys = keys["data"].as_array().unwrap().iter();
            let valid: Vec<_> = keys.filter(|key| key["revoked_at"].is_null()).collect();
            let [valid] = valid[..] else {
                panic!("{valid:?}")
            };
            let shown = won["api_key"].as_str().unwrap();
            assert!(shown.starts_with(valid["prefix"].as_str().unwrap()));
        }
        assert!(town.server.terminate().await.success());
    }
}
