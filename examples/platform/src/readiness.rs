//! Whether this installation is fit for production: the list of what is measured.

mod backups;
mod database;
mod disk;
mod encryption;
mod indexes;
mod mend;
mod served;
mod settings;

use std::time::{Duration, SystemTime};

use tenancy_observability::readiness::{Finding, Readiness, Report, Weight, build};
use tenancy_observability::tls::Trust;

use crate::config::{Config, Origin};
use crate::failure::Failure;
use crate::platform::Platform;

pub(crate) use self::mend::{Mended, all as mend};

/// Asks everything, and believes what is served over TLS by the word of those who are trusted.
pub(crate) async fn report(config: Config, trust: Trust) -> Report {
    let list = of_settings(Readiness::new().time_out(WITHIN), &config);
    let list = of_address(list, config.origin(), trust.clone());
    match Platform::open(config).await {
        Ok(platform) => {
            of_shops(of_parts(list, &platform), &platform, trust)
                .run()
                .await
        }
        // What the settings say is worth knowing all the same.
        Err(failure) => {
            list.check(DATABASE_ID, DATABASE, Weight::Grave, async move {
                unopened(&failure)
            })
            .run()
            .await
        }
    }
}

/// How long a check may take: the advisor asks a planner about hundreds of statements.
const WITHIN: Duration = Duration::from_secs(30);

const DATABASE_ID: &str = "database";
const FOLDER_ID: &str = "data-folder";

const DATABASE: &str = "Does the database answer, with the schema of this version?";

fn unopened(failure: &Failure) -> Finding {
    Finding::fail(
        failure.to_string(),
        "see that it runs and may be logged in to, and run `platform migrate`",
    )
}

fn of_settings(list: Readiness, config: &Config) -> Readiness {
    use Weight::{Grave, Serious, Slight};

    let secret = settings::secret(config);
    let proxies = settings::proxies(config);
    let limits = settings::limits(config);
    let threats = settings::threats(config);
    let cache = settings::cache(config);
    let drain = settings::drain(config);
    let log = settings::log(config);
    let files = settings::open_files(config);
    let backups = backups::age(&config.backups, SystemTime::now());
    let (folder, space) = (disk::private(&config.data), disk::space(&config.data));
    list.check("build-profile", "Is it compiled for use?", Serious, async {
        build::profile()
    })
    .check(
        "panics",
        "Does a panic end one request only?",
        Serious,
        async { build::panics() },
    )
    .check(
        "secret",
        "Can what signs cursors be guessed?",
        Grave,
        async { secret },
    )
    .check(
        "proxies",
        "Are clients' addresses their own?",
        Serious,
        async { proxies },
    )
    .check(
        "limits",
        "Is what a caller may ask for limited?",
        Serious,
        async { limits },
    )
    .check("threats", "Are obvious attacks refused?", Serious, async {
        threats
    })
    .check("cache", "Is the cache in use?", Slight, async { cache })
    .check(
        "shutdown",
        "Do requests finish when a server ends?",
        Serious,
        async { drain },
    )
    .check(
        "log",
        "Does the log say what is needed, and no more?",
        Slight,
        async { log },
    )
    .check(
        "open-files",
        "Are there as many connections as set?",
        Serious,
        async { files },
    )
    .check(FOLDER_ID, "Who can read the data folder?", Grave, async {
        folder
    })
    .check("backups", "Is there a backup of today?", Grave, async {
        backups
    })
    .check("disk", "Is there room on the disk?", Serious, async {
        space
    })
}

fn of_address(list: Readiness, origin: Origin, trust: Trust) -> Readiness {
    list.check(
        "encryption",
        "Can visitors trust what the platform's address shows over TLS?",
        Weight::Grave,
        async move { encryption::of_platform(&origin, &trust).await },
    )
}

fn of_shops(list: Readiness, platform: &Platform, trust: Trust) -> Readiness {
    if !platform.config().origin().is_encrypted() {
        return list;
    }
    let platform = platform.clone();
    list.check(
        "shops-encryption",
        "And what a shop's address shows?",
        Weight::Grave,
        async move { encryption::of_shops(&platform, &trust).await },
    )
}

fn of_parts(list: Readiness, platform: &Platform) -> Readiness {
    use Weight::{Grave, Serious};

    let [migrations, isolation] = [(); 2].map(|()| platform.clone());
    let mut list = list
        .check(DATABASE_ID, DATABASE, Grave, async move {
            database::answers(&migrations).await
        })
        .check("isolation", "Are tenants kept apart?", Grave, async move {
            database::isolation(&isolation).await
        });
    let [headers, layers, advised] = [(); 3].map(|()| platform.clone());
    list = list
        .check(
            "headers",
            "Are browsers told what to refuse?",
            Serious,
            async move { served::headers(&headers).await },
        )
        .check(
            "layers",
            "Do the layers work where they stand?",
            Grave,
            async move { served::layers(&layers).await },
        )
        .check(
            "advisor",
            "Has the database the indexes that it needs?",
            Serious,
            indexes::advice(advised),
        );
    list = if platform.database().storage().is_postgres() {
        let [durability, pool, time_outs, role, clock] = [(); 5].map(|()| platform.clone());
        list.check("clock", "Do the clocks agree?", Serious, async move {
            database::clock(&clock).await
        })
        .check("durability", "Does a commit survive a crash?", Grave, async move {
            database::of_postgres(&durability, |settings, _| settings.durability()).await
        })
        .check("pool", "Are there connections for all nodes?", Serious, async move {
            database::of_postgres(&pool, |settings, wanted| settings.connections(wanted)).await
        })
        .check("time-outs", "Does work end that nobody waits for?", Serious, async move {
            database::of_postgres(&time_outs, |settings, _| settings.time_outs()).await
        })
        .check("role", "Can the server's login only serve?", Grave, async move {
            database::of_postgres(&role, |settings, _| settings.role()).await
        })
    } else {
        let platform = platform.clone();
        list.check(
            "durability",
            "Does a commit survive a crash?",
            Grave,
            async move { database::sqlite_durability(&platform).await },
        )
    };
    let Some(redis) = platform.redis().cloned() else {
        return list;
    };
    let evicting = redis.clone();
    list.check(
        "redis-eviction",
        "Does Redis keep what it was given?",
        Serious,
        async move { database::redis_eviction(&evicting).await },
    )
    .check(
        "redis-durability",
        "Does Redis keep it over a restart?",
        Serious,
        async move { database::redis_durability(&redis).await },
    )
}
