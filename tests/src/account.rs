use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The account a server runs as when the tests run as root, which PostgreSQL refuses to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// The account for a server that works in `folder`, which this process has just made; `None`
    /// where this process is not root and can be nobody else.
    pub(crate) fn unprivileged(folder: &Path) -> io::Result<Option<Self>> {
        if fs::metadata(folder)?.uid() != 0 {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd")?;
        let find = |name: &str| accounts.lines().find_map(|line| Self::parse(line, name));
        find("postgres")
            .or_else(|| find("nobody"))
            .map(Some)
            .ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::NotFound,
                    "there is neither a user postgres nor nobody",
                )
            })
    }

    /// Hands `folder` to the account.
    pub(crate) fn own(self, folder: &Path) -> io::Result<()> {
        chown(folder, Some(self.user), Some(self.group))
    }

    /// Makes `command` run as the account.
    pub(crate) fn run(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }

    /// Reads a line such as `postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash`.
    fn parse(line: &str, name: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let (found, _password) = (fields.next()?, fields.next()?);
        let user = fields.next()?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        (found == name).then_some(Self { user, group })
    }
}
