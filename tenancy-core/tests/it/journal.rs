use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};
use tenancy_core::journal::{
    Backlog, Change, Consumer, ConsumerError, Entry, EntryQuery, Parked, Retry, Worker,
};
use tenancy_core::sql::SqlStorage;
use tenancy_core::time::Time;
use tenancy_core::{Actor, TenantId, TenantScope, on_tx};
use tenancy_tests::Postgres;
use tokio::sync::Notify;

use crate::installation::{Installation, Note, on_both, write_note};
use crate::log::Log;

type Taken = HashMap<TenantId, Vec<(i64, String)>>;

/// Remembers what it was handed, and fails while told to.
#[derive(Clone, Default)]
struct Memory {
    taken: Arc<Mutex<Taken>>,
    fails: Arc<AtomicBool>,
}

impl Memory {
    fn of(&self, tenant: TenantId) -> Vec<(i64, String)> {
        self.taken
            .lock()
            .unwrap()
            .get(&tenant)
            .cloned()
            .unwrap_or_default()
    }
}

impl Consumer for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn retry(&self) -> Retry {
        Retry::Park { attempts: 1 }
    }

    async fn handle(&self, scope: &TenantScope, entry: &Entry) -> Result<(), ConsumerError> {
        if self.fails.load(Ordering::Acquire) {
            return Err("told to fail".into());
        }
        let body = entry.after.as_ref().unwrap()["body"]
            .as_str()
            .unwrap()
            .to_owned();
        let mut taken = self.taken.lock().unwrap();
        taken
            .entry(scope.tenant_id())
            .or_default()
            .push((entry.sequence.unwrap(), body));
        Ok(())
    }
}

async fn note(site: &Installation, scope: &TenantScope, body: &str) {
    let mut tx = site.database.write(scope).await.unwrap();
    write_note(&mut tx, body).await.unwrap();
    tx.commit().await.unwrap();
}

async fn entries_are_numbered_without_gaps_and_handed_over_in_order(site: Installation) {
    let (acme, bolt) = (site.add("acme").await, site.add("bolt").await);
    let (to_acme, to_bolt) = (site.scope(&acme).await, site.scope(&bolt).await);
    let memory = Memory::default();
    let worker = Worker::builder(&site.database, &site.tenants)
        .consumer(memory.clone())
        .build();
    for number in 0..5 {
        note(&site, &to_acme, &format!("acme {number}")).await;
        let mut lost = site.database.write(&to_acme).await.unwrap();
        write_note(&mut lost, "rolled back").await.unwrap();
        lost.roll_back().await.unwrap();
    }
    note(&site, &to_bolt, "bolt").await;
    worker.run_once().await.unwrap();
    let expected: Vec<_> = (0..5).map(|n| (n + 1, format!("acme {n}"))).collect();
    assert_eq!(memory.of(acme.id), expected);
    assert_eq!(memory.of(bolt.id), [(1, "bolt".to_owned())]);
    // Nothing is handed over twice, and what comes later is.
    note(&site, &to_acme, "later").await;
    worker.run_once().await.unwrap();
    assert_eq!(memory.of(acme.id)[5..], [(6, "later".to_owned())]);
}

async fn what_cannot_be_taken_is_parked_and_can_be_tried_again(site: Installation) {
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let memory = Memory::default();
    let worker = Worker::builder(&site.database, &site.tenants)
        .consumer(memory.clone())
        .build();
    memory.fails.store(true, Ordering::Release);
    note(&site, &scope, "first").await;
    worker.run_once().await.unwrap();
    memory.fails.store(false, Ordering::Release);
    note(&site, &scope, "second").await;
    worker.run_once().await.unwrap();
    assert_eq!(memory.of(acme.id), [(2, "second".to_owned())]);
    let mut tx = site.database.read(&scope).await.unwrap();
    let parked = Parked::list(&mut tx, None).await.unwrap();
    let behind = Parked::list(&mut tx, parked.last()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((parked.len(), behind.len()), (1, 0));
    assert_eq!((parked[0].sequence, &*parked[0].error), (1, "told to fail"));

    assert_eq!(Parked::retry_all(&site.database, &scope).await.unwrap(), 1);
    worker.run_once().await.unwrap();
    assert_eq!(memory.of(acme.id)[1..], [(1, "first".to_owned())]);
    let mut tx = site.database.read(&scope).await.unwrap();
    assert_eq!(Parked::list(&mut tx, None).await.unwrap(), []);
}

/// Takes nothing, and lets nothing past.
struct Stubborn;

impl Consumer for Stubborn {
    fn name(&self) -> &'static str {
        "stubborn"
    }

    async fn handle(&self, _: &TenantScope, _: &Entry) -> Result<(), ConsumerError> {
        Err("not this one".into())
    }
}

async fn a_backlog_says_since_when_and_how_much_was_put_aside(site: Installation) {
    let (acme, bolt) = (site.add("acme").await, site.add("bolt").await);
    let (scope, other) = (site.scope(&acme).await, site.scope(&bolt).await);
    let backlog = async |scope: &TenantScope| {
        let mut tx = site.database.read(scope).await.unwrap();
        let backlog = Backlog::of(&mut tx, "stubborn").await.unwrap();
        tx.commit().await.unwrap();
        backlog
    };
    let before = Time::now();
    note(&site, &scope, "first").await;
    let waits = Backlog::unnumbered_since(&site.database).await.unwrap();
    assert_eq!(waits.is_some(), site.storage.is_postgres());
    let worker = Worker::builder(&site.database, &site.tenants).consumer(Stubborn);
    worker.build().run_once().await.unwrap();
    assert_eq!(
        Backlog::unnumbered_since(&site.database).await.unwrap(),
        None
    );
    let tenants = Backlog::tenants(&site.database, None).await.unwrap();
    assert_eq!(tenants, [acme.id]);
    assert!(backlog(&scope).await.oldest.unwrap() >= before);
    assert_eq!(backlog(&other).await, Backlog::default());

    let of_memory = async || {
        let mut tx = site.database.read(&scope).await.unwrap();
        Backlog::of(&mut tx, "memory").await.unwrap()
    };
    assert!(of_memory().await.oldest.is_some());
    let memory = Memory::default();
    memory.fails.store(true, Ordering::Release);
    let worker = Worker::builder(&site.database, &site.tenants).consumer(memory);
    worker.build().run_once().await.unwrap();
    let put_aside = Backlog {
        oldest: None,
        parked: 1,
    };
    assert_eq!(of_memory().await, put_aside);
    assert!(backlog(&scope).await.oldest.is_some());
}

/// Says when it has an entry in hand, and takes it when it may.
#[derive(Clone, Default)]
struct Slow {
    memory: Memory,
    began: Arc<Notify>,
    may_end: Arc<Notify>,
}

impl Consumer for Slow {
    fn name(&self) -> &'static str {
        Consumer::name(&self.memory)
    }

    async fn handle(&self, scope: &TenantScope, entry: &Entry) -> Result<(), ConsumerError> {
        self.began.notify_one();
        self.may_end.notified().await;
        self.memory.handle(scope, entry).await
    }
}

async fn a_worker_that_is_asked_to_end_finishes_what_it_has_in_hand(site: Installation) {
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let (slow, end) = (Slow::default(), Arc::new(Notify::new()));
    let worker = Worker::builder(&site.database, &site.tenants)
        .consumer(slow.clone())
        .build();
    note(&site, &scope, "in hand").await;
    let running = tokio::spawn({
        let end = end.clone();
        async move { worker.run_until(end.notified()).await }
    });
    slow.began.notified().await;
    end.notify_one();
    slow.may_end.notify_one();
    let bound = Duration::from_secs(20);
    tokio::time::timeout(bound, running).await.unwrap().unwrap();
    assert_eq!(slow.memory.of(acme.id), [(1, "in hand".to_owned())]);
    // The place was given back, further on: nobody waits for a lease or sees the entry again.
    note(&site, &scope, "later").await;
    let memory = Memory::default();
    let next = Worker::builder(&site.database, &site.tenants)
        .consumer(memory.clone())
        .build();
    next.run_once().await.unwrap();
    assert_eq!(memory.of(acme.id), [(2, "later".to_owned())]);
}

/// Takes three entries together, and none with this body.
#[derive(Clone, Default)]
struct Bundles(Arc<Mutex<Vec<Vec<i64>>>>);

const POISON: &str = "poison";

impl Consumer for Bundles {
    fn name(&self) -> &'static str {
        "bundles"
    }

    fn retry(&self) -> Retry {
        Retry::Park { attempts: 2 }
    }

    async fn handle(&self, scope: &TenantScope, entry: &Entry) -> Result<(), ConsumerError> {
        self.handle_batch(scope, std::slice::from_ref(entry)).await
    }

    fn batch(&self) -> usize {
        3
    }

    async fn handle_batch(&self, _: &TenantScope, all: &[Entry]) -> Result<(), ConsumerError> {
        let is_poison = |entry: &Entry| entry.after.as_ref().unwrap()["body"] == POISON;
        if all.iter().any(is_poison) {
            return Err("one is poison".into());
        }
        let numbers = all.iter().map(|entry| entry.sequence.unwrap()).collect();
        self.0.lock().unwrap().push(numbers);
        Ok(())
    }
}

async fn entries_are_taken_together_and_only_what_cannot_be_is_parked(site: Installation) {
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    for body in ["1", "2", "3", "4", POISON, "6", "7", "8", "9", "10"] {
        note(&site, &scope, body).await;
    }
    let bundles = Bundles::default();
    let worker = Worker::builder(&site.database, &site.tenants);
    let worker = worker.consumer(bundles.clone()).build();
    let taken = async {
        while bundles.0.lock().unwrap().concat().last() != Some(&10) {
            worker.run_once().await.unwrap();
        }
    };
    let bound = Duration::from_secs(20);
    tokio::time::timeout(bound, taken).await.unwrap();
    let expected: &[&[i64]] = &[&[1, 2, 3], &[4], &[6, 7, 8], &[9, 10]];
    assert_eq!(*bundles.0.lock().unwrap(), expected);
    let mut tx = site.database.read(&scope).await.unwrap();
    let parked = Parked::list(&mut tx, None).await.unwrap();
    tx.commit().await.unwrap();
    let parked: Vec<_> = parked
        .iter()
        .map(|one| (one.sequence, &*one.error))
        .collect();
    assert_eq!(parked, [(5, "one is poison")]);
}

async fn two_nodes_hand_each_entry_over_once(site: Installation) {
    let acme = site.add("acme").await;
    let node = site.beside().await;
    let memory = Memory::default();
    let here = Worker::builder(&site.database, &site.tenants)
        .consumer(memory.clone())
        .build();
    let there = Worker::builder(&node.database, &node.tenants)
        .consumer(memory.clone())
        .build();
    let running = tokio::spawn(async move { tokio::join!(here.run(), there.run()) });
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let (database, scope) = match writer % 2 {
            0 => (site.database.clone(), site.scope(&acme).await),
            _ => (node.database.clone(), node.scope(&acme).await),
        };
        writers.spawn(async move {
            for number in 0..10 {
                let mut tx = database.write(&scope).await.unwrap();
                write_note(&mut tx, &format!("{writer}-{number}"))
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let complete = async {
        while memory.of(acme.id).len() < 40 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), complete)
        .await
        .expect("all entries");
    running.abort();
    let taken = memory.of(acme.id);
    let numbers: Vec<_> = taken.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    for writer in 0..4 {
        let own = taken
            .iter()
            .filter(|(_, body)| body.starts_with(&format!("{writer}-")));
        let order: Vec<_> = own.map(|(_, body)| body.clone()).collect();
        let expected: Vec<_> = (0..10).map(|number| format!("{writer}-{number}")).collect();
        assert_eq!(order, expected, "a writer's entries keep their order");
    }
}

/// Takes its time, and sees how many are handed to it at once.
#[derive(Clone, Default)]
struct Crowd {
    inside: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    taken: Arc<AtomicUsize>,
}

impl Consumer for Crowd {
    fn name(&self) -> &'static str {
        "crowd"
    }

    async fn handle(&self, _: &TenantScope, _: &Entry) -> Result<(), ConsumerError> {
        let inside = self.inside.fetch_add(1, Ordering::AcqRel) + 1;
        self.most.fetch_max(inside, Ordering::AcqRel);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        self.inside.fetch_sub(1, Ordering::AcqRel);
        self.taken.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }
}

async fn two_nodes_hand_over_one_entry_at_a_time(site: Installation) {
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let node = site.beside().await;
    let crowd = Crowd::default();
    let workers = [
        (&site.database, &site.tenants),
        (&node.database, &node.tenants),
    ]
    .map(|(database, tenants)| Worker::builder(database, tenants).consumer(crowd.clone()));
    for _ in 0..20 {
        note(&site, &scope, "waits").await;
    }
    let [here, there] = workers.map(|worker| worker.build());
    let work = async {
        while crowd.taken.load(Ordering::Acquire) < 20 {
            let (here, there) = tokio::join!(here.run_once(), there.run_once());
            here.and(there).unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), work)
        .await
        .expect("all entries");
    let seen = [&crowd.most, &crowd.taken].map(|seen| seen.load(Ordering::Acquire));
    assert_eq!(seen, [1, 20]);
}

/// Writes a note of its own when it is handed the first.
struct Echo {
    site: Arc<Installation>,
    memory: Memory,
}

impl Consumer for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }

    async fn handle(&self, scope: &TenantScope, entry: &Entry) -> Result<(), ConsumerError> {
        if entry.sequence == Some(1) {
            note(&self.site, scope, "echo").await;
        }
        self.memory.handle(scope, entry).await
    }
}

async fn what_comes_while_the_last_entry_is_handed_over_is_not_forgotten(site: Installation) {
    let site = Arc::new(site);
    let acme = site.add("acme").await;
    let memory = Memory::default();
    let echo = Echo {
        site: site.clone(),
        memory: memory.clone(),
    };
    let worker = Worker::builder(&site.database, &site.tenants)
        .consumer(echo)
        .build();
    note(&site, &site.scope(&acme).await, "call").await;
    for _ in 0..2 {
        worker.run_once().await.unwrap();
    }
    let expected = [(1, "call".to_owned()), (2, "echo".to_owned())];
    assert_eq!(memory.of(acme.id), expected);
}

/// Never ends while told to fail.
#[derive(Clone, Default)]
struct Stuck {
    memory: Memory,
    entered: Arc<Notify>,
}

impl Consumer for Stuck {
    fn name(&self) -> &'static str {
        "stuck"
    }

    async fn handle(&self, scope: &TenantScope, entry: &Entry) -> Result<(), ConsumerError> {
        if !self.memory.fails.load(Ordering::Acquire) {
            return self.memory.handle(scope, entry).await;
        }
        self.entered.notify_one();
        std::future::pending().await
    }
}

async fn a_worker_that_died_keeps_its_place_for_a_bounded_while(site: Installation) {
    let acme = site.add("acme").await;
    note(&site, &site.scope(&acme).await, "stuck").await;
    let stuck = Stuck::default();
    let Stuck { memory, entered } = &stuck;
    let worker = || {
        Worker::builder(&site.database, &site.tenants)
            .consumer(stuck.clone())
            .handling_time_out(Duration::from_millis(500))
            .build()
    };
    memory.fails.store(true, Ordering::Release);
    let began = Instant::now();
    let dead = worker();
    tokio::select! {
        done = dead.run_once() => panic!("nobody can take the entry: {done:?}"),
        () = entered.notified() => {}
    }
    memory.fails.store(false, Ordering::Release);
    let next = worker();
    let taken_up = async {
        while memory.of(acme.id).is_empty() {
            next.run_once().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), taken_up)
        .await
        .expect("the entry");
    assert!(
        began.elapsed() >= Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(memory.of(acme.id), [(1, "stuck".to_owned())]);
}

async fn the_trail_shows_who_did_what_newest_first(site: Installation) {
    let (acme, bolt) = (site.add("acme").await, site.add("bolt").await);
    let (to_acme, to_bolt) = (site.scope(&acme).await, site.scope(&bolt).await);
    for body in ["one", "two", "three"] {
        note(&site, &to_acme, body).await;
    }
    note(&site, &to_bolt, "foreign").await;
    let mut tx = site.database.read(&to_acme).await.unwrap();
    let query = EntryQuery {
        limit: Some(2),
        actor_id: Some("7".to_owned()),
        ..Default::default()
    };
    let first = Entry::trail(&mut tx, &query).await.unwrap();
    let query = EntryQuery {
        before: first.next,
        ..query
    };
    let rest = Entry::trail(&mut tx, &query).await.unwrap();
    assert_eq!(rest.next, None);
    let first = first.entries;
    let bodies: Vec<_> = first
        .iter()
        .chain(&rest.entries)
        .map(|entry| entry.after.as_ref().unwrap()["body"].as_str().unwrap())
        .collect();
    assert_eq!(bodies, ["three", "two", "one"]);
    assert_eq!(first[0].actor, Actor::user("7", "Ada"));
    assert_eq!(
        (&*first[0].action, &*first[0].resource),
        ("created", "note")
    );
    let query = EntryQuery {
        resource: Some("order".to_owned()),
        ..Default::default()
    };
    assert_eq!(Entry::trail(&mut tx, &query).await.unwrap().entries, []);
}

/// Kills the database while it has the first entry in hand.
struct Axe {
    postgres: Postgres,
    memory: Memory,
}

impl Consumer for Axe {
    fn name(&self) -> &'static str {
        "axe"
    }

    async fn handle(&self, scope: &TenantScope, entry: &Entry) -> Result<(), ConsumerError> {
        if self.memory.of(scope.tenant_id()).is_empty() {
            self.postgres.kill().await;
        }
        self.memory.handle(scope, entry).await
    }
}

/// Its place, which it could not give back, is kept from others for a minute and not from itself.
#[tokio::test]
async fn a_worker_goes_on_as_soon_as_its_database_is_back() {
    let postgres = Postgres::start().await;
    let builder = SqlStorage::builder().time_out(Duration::from_millis(500));
    let site = Installation::on_postgres(&postgres, builder).await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    note(&site, &scope, "cut off").await;
    let memory = Memory::default();
    let axe = Axe {
        postgres: postgres.clone(),
        memory: memory.clone(),
    };
    let worker = Worker::builder(&site.database, &site.tenants)
        .consumer(axe)
        .build();
    let running = tokio::spawn(async move { worker.run().await });
    let taken = async |times: usize| {
        while memory.of(acme.id).len() < times {
            tokio::task::yield_now().await;
        }
    };
    let patience = Duration::from_secs(20);
    tokio::time::timeout(patience, taken(1))
        .await
        .expect("the entry");
    // While these wait in vain, the worker tries to give its place back, and cannot.
    for _ in 0..2 {
        site.database.read(&scope).await.unwrap_err();
    }
    postgres.restart().await;
    tokio::time::timeout(patience, taken(2))
        .await
        .expect("the entry once more");
    running.abort();
    let twice = [(1, "cut off".to_owned()), (1, "cut off".to_owned())];
    assert_eq!(memory.of(acme.id), twice);
}

/// The first tenant's file is not there, and then it is none of SQLite's.
#[tokio::test]
async fn a_tenant_whose_file_cannot_be_opened_holds_up_no_other() {
    let site = Installation::sqlite(4).await;
    let (acme, bolt) = (site.add("acme").await, site.add("bolt").await);
    let to_bolt = site.scope(&bolt).await;
    let file = site.tenant_file(&acme);
    let away = file.with_extension("away");
    let broken = "no database, and longer than the header of one. ".repeat(9);
    for (round, content) in [(1, None), (2, Some(broken))] {
        // Closed, it leaves the one file, which can be moved under the worker.
        let writer = site.beside().await;
        note(&writer, &writer.scope(&acme).await, "acme").await;
        writer.storage.close().await;
        note(&site, &to_bolt, "bolt").await;
        std::fs::rename(&file, &away).unwrap();
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let node = site.beside().await;
        let memory = Memory::default();
        let worker = Worker::builder(&node.database, &node.tenants)
            .consumer(memory.clone())
            .build();
        worker.run_once().await.unwrap_err();
        assert_eq!((memory.of(bolt.id).len(), memory.of(acme.id).len()), (1, 0));

        let log = Log::default();
        let _listening = log.listen();
        let taken = async |tenant, count: usize| {
            while memory.of(tenant).len() < count {
                tokio::task::yield_now().await;
            }
        };
        let work = async {
            for number in 0..3 {
                note(&site, &to_bolt, "bolt").await;
                taken(bolt.id, number + 2).await;
            }
            std::fs::rename(&away, &file).unwrap();
            taken(acme.id, 1).await;
        };
        let end = Notify::new();
        let work = async {
            let done = tokio::time::timeout(Duration::from_secs(20), work).await;
            end.notify_one();
            done.expect("the entries");
        };
        tokio::join!(worker.run_until(end.notified()), work);
        assert_eq!(memory.of(acme.id), [(round, "acme".to_owned())]);
        let told = ["a tenant's journal waits", "a tenant's journal goes on"];
        assert_eq!(told.map(|text| log.count(text)), [1, 1]);
        node.storage.close().await;
    }
}

#[tokio::test]
async fn an_open_transaction_holds_nothing_back_and_is_numbered_when_it_commits() {
    let site = Installation::postgres(4).await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let memory = Memory::default();
    let worker = Worker::builder(&site.database, &site.tenants)
        .consumer(memory.clone())
        .build();
    let mut late = site.database.write(&scope).await.unwrap();
    write_note(&mut late, "late").await.unwrap();
    note(&site, &scope, "early").await;
    worker.run_once().await.unwrap();
    assert_eq!(memory.of(acme.id), [(1, "early".to_owned())]);
    late.commit().await.unwrap();
    worker.run_once().await.unwrap();
    assert_eq!(memory.of(acme.id)[1..], [(2, "late".to_owned())]);
}

/// Its entry stands before the other in the line, and becomes visible after it was numbered.
#[tokio::test]
async fn a_commit_that_ends_late_is_numbered_when_it_ends() {
    const HOLD: &str = "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF NEW.after LIKE '%late%' THEN PERFORM pg_advisory_xact_lock(7); END IF; \
         RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON tenancy_journal \
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold(); \
         SELECT pg_advisory_lock(7)";
    const HELD: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
         AND NOT granted AND database = \
         (SELECT oid FROM pg_database WHERE datname = current_database())";
    let site = Installation::postgres(4).await;
    let url = site.postgres.as_ref().unwrap().owner_url();
    let mut owner = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(HOLD).execute(&mut owner).await.unwrap();
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let memory = Memory::default();
    let worker = Worker::builder(&site.database, &site.tenants)
        .consumer(memory.clone())
        .build();
    let mut late = site.database.write(&scope).await.unwrap();
    write_note(&mut late, "late").await.unwrap();
    let late = tokio::spawn(late.commit());
    let mut held = 0_i64;
    while held == 0 {
        tokio::task::yield_now().await;
        held = sqlx::query_scalar(HELD)
            .fetch_one(&mut owner)
            .await
            .unwrap();
    }
    note(&site, &scope, "early").await;
    worker.run_once().await.unwrap();
    assert_eq!(memory.of(acme.id), [(1, "early".to_owned())]);
    owner.close().await.unwrap();
    late.await.unwrap().unwrap();
    worker.run_once().await.unwrap();
    assert_eq!(memory.of(acme.id)[1..], [(2, "late".to_owned())]);
}

#[tokio::test]
async fn changes_of_one_row_are_numbered_as_they_took_effect() {
    const CHANGE: &str = "UPDATE notes SET body = $3 WHERE tenant_id = $1 AND id = $2";
    let site = Installation::postgres(4).await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let mut tx = site.database.write(&scope).await.unwrap();
    let shared = write_note(&mut tx, "0").await.unwrap();
    tx.commit().await.unwrap();
    let memory = Memory::default();
    let worker = Worker::builder(&site.database, &site.tenants)
        .consumer(memory.clone())
        .build();
    // The first to begin, and to get a transaction id, is the last to change the row.
    let mut first = site.database.write(&scope).await.unwrap();
    write_note(&mut first, "elsewhere").await.unwrap();
    for (body, mut tx) in [
        ("1", site.database.write(&scope).await.unwrap()),
        ("2", first),
    ] {
        let after = Note {
            body: body.to_owned(),
            ..shared.clone()
        };
        let tenant = tx.tenant_id().as_uuid();
        on_tx!(&mut tx, |conn| {
            sqlx::query(CHANGE)
                .bind(tenant)
                .bind(after.id)
                .bind(&after.body)
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })
        .unwrap();
        tx.record(Change::updated(&shared, &after));
        tx.commit().await.unwrap();
    }
    worker.run_once().await.unwrap();
    let bodies: Vec<_> = memory
        .of(acme.id)
        .into_iter()
        .map(|(_, body)| body)
        .collect();
    assert_eq!(bodies, ["0", "1", "elsewhere", "2"]);
}

/// A server may keep the plan of a statement for as long as the connection lives.
#[tokio::test]
async fn a_backlog_is_numbered_though_the_journal_was_nearly_empty_when_numbering_began() {
    let site = Installation::postgres(1).await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let worker = Worker::builder(&site.database, &site.tenants).build();
    const EARLY: i64 = 200;
    for _ in 0..EARLY {
        note(&site, &scope, "early").await;
        worker.run_once().await.unwrap();
    }
    const BACKLOG: i64 = 40_000;
    let mut tx = site.database.write(&scope).await.unwrap();
    let body = write_note(&mut tx, "late").await.unwrap().body;
    for _ in 1..BACKLOG {
        let id = uuid::Uuid::now_v7();
        let body = body.clone();
        tx.record(Change::created(&Note { id, body }));
    }
    tx.commit().await.unwrap();
    worker.run_once().await.unwrap();
    const LAST: &str = "SELECT MAX(sequence) FROM tenancy_journal WHERE tenant_id = $1";
    let mut tx = site.database.read(&scope).await.unwrap();
    let last: i64 = on_tx!(&mut tx, |conn| sqlx::query_scalar(LAST)
        .bind(acme.id.as_uuid())
        .fetch_one(conn)
        .await)
    .unwrap();
    assert_eq!(last, EARLY + BACKLOG);
}

on_both!(
    a_backlog_says_since_when_and_how_much_was_put_aside,
    entries_are_numbered_without_gaps_and_handed_over_in_order,
    what_cannot_be_taken_is_parked_and_can_be_tried_again,
    a_worker_that_is_asked_to_end_finishes_what_it_has_in_hand,
    entries_are_taken_together_and_only_what_cannot_be_is_parked,
    two_nodes_hand_each_entry_over_once,
    two_nodes_hand_over_one_entry_at_a_time,
    what_comes_while_the_last_entry_is_handed_over_is_not_forgotten,
    a_worker_that_died_keeps_its_place_for_a_bounded_while,
    the_trail_shows_who_did_what_newest_first,
);
