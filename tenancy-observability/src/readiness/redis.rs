//! How a Redis or Valkey is set, by what it says of itself.

use super::Finding;

/// Whether what is kept there survives a restart, by the answer to `INFO persistence`.
pub fn durability(info: &str) -> Finding {
    let value = |name: &str| {
        let mut lines = info.lines();
        let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(str::trim)
    };
    let (Some(appends), Some(saved)) = (value("aof_enabled"), value("rdb_last_bgsave_status"))
    else {
        return Finding::unknown(
            "it does not tell",
            "ask its provider whether it keeps what it has",
        );
    };
    if saved != "ok" {
        return Finding::fail(
            format!("its last snapshot was not written ({saved})"),
            "look at its log: its disk may be full or not writable",
        );
    }
    if value("aof_last_write_status").is_some_and(|status| status != "ok") {
        return Finding::fail(
            "what changes is not written to its append-only file",
            "look at its log: its disk may be full or not writable",
        );
    }
    match appends {
        "1" => Finding::pass("it writes each change to a file"),
        _ => Finding::warn(
            "it writes snapshots only: a restart forgets what was counted since, failed attempts to \
             sign in among it",
            "CONFIG SET appendonly yes, and put it into its configuration",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readiness::Status;

    #[test]
    fn what_would_be_forgotten_is_told() {
        let info = |appends: &str, saved: &str| {
            format!("# Persistence\r\naof_enabled:{appends}\r\nrdb_last_bgsave_status:{saved}\r\n")
        };
        assert_eq!(durability(&info("1", "ok")).status, Status::Pass);
        assert_eq!(durability(&info("0", "ok")).status, Status::Warn);
        assert_eq!(durability(&info("1", "err")).status, Status::Fail);
        let unwritten = info("1", "ok") + "aof_last_write_status:err\r\n";
        assert_eq!(durability(&unwritten).status, Status::Fail);
        assert_eq!(durability("").status, Status::Unknown);
    }
}
