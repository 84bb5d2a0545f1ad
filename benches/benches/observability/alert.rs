use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tenancy_benches::{Report, median};
use tenancy_core::registry::SqlTenants;
use tenancy_core::sql::migrate::{self, MigrationSet};
use tenancy_core::sql::{Database, SqlStorage};
use tenancy_core::time::Time;
use tenancy_core::{Actor, TenantId, Tenants};
use tenancy_observability::MIGRATIONS;
use tenancy_observability::alert::{Alerts, Measure, Question, Rule, Sample, Subject};

const SHOPS: usize = 1000;
const TURNS: usize = 21;
const TURN: Duration = Duration::from_secs(15);

/// One of a hundred seconds of a processor, of the fifteen seconds between two turns.
const SECONDS_MAX: f64 = 0.15;

/// Looking at a thousand shops by all rules there are by default, and by those of an objective as well.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let well = "a turn over 1,000 shops that are well (s)";
    let firing = "a turn over 1,000 shops, all of which have alerts (s)";
    measure_by(report, Rule::defaults(), [well, firing]).await?;
    let mut rules = Rule::defaults();
    rules.extend(Rule::burn_rates("shopping", "shop_error_share", 0.999));
    let well = "the same that are well, by an objective as well (s)";
    let firing = "the same that have alerts, by an objective as well (s)";
    measure_by(report, rules, [well, firing]).await
}

async fn measure_by(
    report: &mut Report,
    rules: Vec<Rule>,
    [well_name, firing_name]: [&str; 2],
) -> Result<(), Box<dyn Error>> {
    let folder = TempDir::new()?;
    let storage = SqlStorage::builder().sqlite(folder.path()).await?;
    let sets: &[&MigrationSet] = &[&migrate::CORE, &MIGRATIONS];
    migrate::prepare(&storage, sets).await?;
    let tenants = Tenants::new(SqlTenants::new(&storage));
    let database = Database::builder(&storage, &tenants)
        .migrations(&MIGRATIONS)
        .build();
    let shops = Shops::new()?;
    let alerts = Alerts::builder()
        .database(&database, &tenants.platform(Actor::system("bench")))
        .rules(rules)
        .measure(shops.clone())
        .build();
    let mut now = Time::now();
    let mut turns = async |bad: bool| {
        shops.are_bad.store(bad, Ordering::Relaxed);
        let mut times = Vec::new();
        for _ in 0..TURNS {
            now = now.after(TURN);
            let began = Instant::now();
            alerts.evaluate(now).await?;
            times.push(began.elapsed().as_secs_f64());
        }
        Ok::<_, Box<dyn Error>>(median(&mut times))
    };
    let well = turns(false).await?;
    report.limit(well_name, well, SECONDS_MAX);
    let firing = turns(true).await?;
    report.limit(firing_name, firing, SECONDS_MAX);
    Ok(())
}

/// Shops of which every rule's value is known.
#[derive(Clone)]
struct Shops {
    subjects: Arc<[Subject]>,
    are_bad: Arc<AtomicBool>,
}

impl Shops {
    fn new() -> Result<Self, Box<dyn Error>> {
        let subjects = (0..SHOPS).map(|number| {
            Ok(Subject::Tenant {
                id: TenantId::generate(),
                slug: format!("shop-{number}").parse()?,
            })
        });
        Ok(Self {
            subjects: subjects.collect::<Result<_, Box<dyn Error>>>()?,
            are_bad: Arc::default(),
        })
    }
}

impl Measure for Shops {
    async fn read(&self, _: Question) -> Vec<Sample> {
        let value = match self.are_bad.load(Ordering::Relaxed) {
            // Above the limit of each rule, whatever its unit.
            true => 1e6,
            false => 0.0,
        };
        let subjects = self.subjects.iter().cloned();
        subjects
            .map(|subject| Sample::new(subject, value))
            .collect()
    }
}
