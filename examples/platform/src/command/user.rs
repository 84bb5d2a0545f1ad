use std::io::{self, BufRead as _, Read as _};

use clap::{Args, Subcommand};
use serde_json::json;
use tenancy_core::Slug;
use tenancy_security::credential::Password;

use super::Output;
use crate::failure::Failure;
use crate::platform::Platform;
use crate::users::{Email, NAME_CHARS_MAX, User, UserName};

/// More than the longest password.
const LINE_BYTES_MAX: u64 = 4096;

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Let somebody sign in; their password is made and shown, this once
    Create {
        #[command(flatten)]
        place: Place,
        /// What they sign in with
        email: Email,
        /// What they are called, as the audit log will name them; the beginning of the address by
        /// default
        #[arg(long)]
        name: Option<UserName>,
        #[command(flatten)]
        given: Given,
    },
    /// List who can sign in
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Shut somebody out, and sign them out everywhere, at once
    Disable {
        #[command(flatten)]
        place: Place,
        /// Who
        email: Email,
    },
    /// Let somebody in again who was shut out
    Enable {
        #[command(flatten)]
        place: Place,
        /// Who
        email: Email,
    },
    /// Give somebody another password, and sign them out everywhere
    Reset {
        #[command(flatten)]
        place: Place,
        /// Who
        email: Email,
        #[command(flatten)]
        given: Given,
    },
}

/// Whose people they are.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Place {
    /// The tenant they work for
    #[arg(long, value_name = "SLUG")]
    tenant: Option<Slug>,
    /// They are operators of the platform
    #[arg(long)]
    platform: bool,
}

/// Where the password comes from.
#[derive(Debug, Args)]
pub(crate) struct Given {
    /// Read the password from the first line of standard input: 8 characters or more, none that is
    /// easily guessed
    #[arg(long)]
    password_stdin: bool,
}

impl UserCommand {
    pub(super) async fn run(self, platform: &Platform) -> Result<Output, Failure> {
        match self {
            Self::Create {
                place,
                email,
                name,
                given,
            } => {
                let door = platform.door(place.tenant.as_ref()).await?;
                let name = match name {
                    Some(name) => name,
                    None => email
                        .local_part()
                        .chars()
                        .take(NAME_CHARS_MAX)
                        .collect::<String>()
                        .parse()?,
                };
                let (password, made) = given.password()?;
                let user = platform.create_user(&door, email, name, &password).await?;
                place.told(&user, made.then_some(&password))
            }
            Self::List { place } => {
                let door = platform.door(place.tenant.as_ref()).await?;
                let users = platform.users(&door).list().await?;
                let cells = users.iter().map(|user| {
                    let disabled = user.disabled_at.map(|time| time.to_string());
                    [
                        user.id.to_string(),
                        user.email.to_string(),
                        user.name.to_string(),
                        user.created_at.to_string(),
                        disabled.unwrap_or_default(),
                    ]
                });
                Output::table(
                    &users,
                    ["ID", "EMAIL", "NAME", "CREATED", "DISABLED"],
                    cells,
                )
            }
            Self::Disable { place, email } => place.set_disabled(platform, &email, true).await,
            Self::Enable { place, email } => place.set_disabled(platform, &email, false).await,
            Self::Reset {
                place,
                email,
                given,
            } => {
                let door = platform.door(place.tenant.as_ref()).await?;
                let (password, made) = given.password()?;
                let user = platform.reset_user(&door, &email, &password).await?;
                place.told(&user, made.then_some(&password))
            }
        }
    }
}

impl Given {
    /// The password, and whether it was made here.
    fn password(&self) -> Result<(Password, bool), Failure> {
        if !self.password_stdin {
            return Ok((Password::generate(), true));
        }
        let mut line = String::new();
        io::stdin()
            .lock()
            .take(LINE_BYTES_MAX)
            .read_line(&mut line)?;
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok((line.into(), false))
    }
}

impl Place {
    /// Who can sign in from now on, and the password that was made for them.
    fn told(&self, user: &User, made: Option<&Password>) -> Result<Output, Failure> {
        let mut document = json!({
            "id": user.id,
            "email": user.email,
            "name": user.name,
            "tenant": self.tenant,
        });
        let Some(password) = made else {
            return Output::text(&document, format!("{} can sign in.", user.email));
        };
        document["password"] = password.expose().into();
        let place = match &self.tenant {
            Some(slug) => format!("--tenant {slug}"),
            None => "--platform".to_owned(),
        };
        Ok(Output::document(&document)?.shown_once(format!(
            "the password could not be shown; `user reset {place} {}` makes another",
            user.email
        )))
    }

    async fn set_disabled(
        &self,
        platform: &Platform,
        email: &Email,
        disabled: bool,
    ) -> Result<Output, Failure> {
        let door = platform.door(self.tenant.as_ref()).await?;
        let user = platform.set_user_disabled(&door, email, disabled).await?;
        let text = match user.disabled_at {
            Some(_) => format!("{email} is shut out."),
            None => format!("{email} can sign in."),
        };
        Output::text(&user, text)
    }
}
