use tenancy_core::time::Time;
use tenancy_core::{ErrorKind, Slug};
use tenancy_security::credential::{Password, PasswordHash};

use super::{Account, Door, Email, User, UserName, operators};
use crate::failure::Failure;
use crate::platform::Platform;

/// What the operator of a platform with demonstration shops signs in with.
const OPERATOR: &str = "operator@platform.example";

impl Platform {
    /// The door of the shop with this slug, or the platform's own.
    pub(crate) async fn door(&self, tenant: Option<&Slug>) -> Result<Door, Failure> {
        let Some(slug) = tenant else {
            return Ok(Door::Platform(self.scope().clone()));
        };
        let tenant = self.tenant(slug).await?;
        Ok(Door::Shop(self.scope().tenant(tenant.id).await?))
    }

    /// Lets somebody sign in with this password.
    pub(crate) async fn create_user(
        &self,
        door: &Door,
        email: Email,
        name: UserName,
        password: &Password,
    ) -> Result<User, Failure> {
        let user = User::new(email, name, door.role());
        let account = Account {
            password_hash: self.hash_of(door, &user, password).await?,
            user,
        };
        match self.users(door).insert(&account).await {
            Ok(()) => Ok(account.user),
            Err(error) if error.kind() == ErrorKind::UniqueViolation => {
                let email = &account.user.email;
                Err(Failure::new(format!(
                    "{email} has an account already: `user reset` gives it another password"
                )))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Lets a first operator in where there is none yet. `show` gets the password before it counts, so
    /// that there is no operator whose password nobody has seen.
    pub(crate) async fn let_first_operator_in(
        &self,
        show: impl FnOnce(&User, &Password) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let door = Door::Platform(self.scope().clone());
        if !self.users(&door).list().await?.is_empty() {
            return Ok(());
        }
        let password = Password::generate();
        let account = Account {
            user: User::new(OPERATOR.parse()?, "Operator".parse()?, door.role()),
            password_hash: self.passwords().hash(&password).await?,
        };
        let mut tx = self.database().platform(self.scope()).await?;
        operators::insert(&mut tx, &account).await?;
        show(&account.user, &password)?;
        Ok(tx.commit().await?)
    }

    /// Gives somebody another password, and signs them out everywhere.
    pub(crate) async fn reset_user(
        &self,
        door: &Door,
        email: &Email,
        password: &Password,
    ) -> Result<User, Failure> {
        let user = self.user(door, email).await?;
        let hash = self.hash_of(door, &user, password).await?;
        self.users(door).reset(&user, &hash).await?;
        Ok(user)
    }

    /// Shuts somebody out, and signs them out everywhere; or lets them in again.
    pub(crate) async fn set_user_disabled(
        &self,
        door: &Door,
        email: &Email,
        disabled: bool,
    ) -> Result<User, Failure> {
        let user = self.user(door, email).await?;
        if user.disabled_at.is_some() == disabled {
            return Ok(user);
        }
        let disabled_at = disabled.then(Time::now);
        Ok(self.users(door).set_disabled(&user, disabled_at).await?)
    }

    /// What to keep of a password that is not what everybody would try first here.
    async fn hash_of(
        &self,
        door: &Door,
        user: &User,
        password: &Password,
    ) -> Result<PasswordHash, Failure> {
        let tenant = door.tenant();
        let shop = tenant
            .as_ref()
            .map_or("platform", |tenant| tenant.slug.as_str());
        let about = [
            user.email.as_str(),
            user.email.local_part(),
            user.name.as_str(),
            shop,
        ];
        Ok(self.passwords().hash_for(password, &about).await?)
    }

    async fn user(&self, door: &Door, email: &Email) -> Result<User, Failure> {
        let found = self.users(door).find(email).await?;
        let account = found.ok_or_else(|| Failure::new(format!("nobody here has {email}")))?;
        Ok(account.user)
    }
}
