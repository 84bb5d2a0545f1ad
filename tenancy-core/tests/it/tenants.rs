//! Finding tenants: single flight, staleness and its end, bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tenancy_core::registry::{Address, Changes, Directory, InMemoryTenants};
use tenancy_core::tenant::{Status, Unavailability};
use tenancy_core::{Actor, Error, ErrorKind, Purpose, Tenant, TenantId, Tenants};
use tokio::time::advance;

use crate::log::Log;

/// A registry that another process changes, that counts questions and can be away.
#[derive(Clone, Default)]
struct Remote {
    registry: Arc<InMemoryTenants>,
    away: Arc<AtomicBool>,
    overflowing: Arc<AtomicBool>,
    /// Takes questions and never answers.
    hangs: Arc<AtomicBool>,
    /// Every tenant has been erased.
    erased: Arc<AtomicBool>,
    finds: Arc<AtomicUsize>,
    checks: Arc<AtomicUsize>,
}

impl Remote {
    async fn answer<T>(&self, answer: T) -> Result<T, Error> {
        if self.hangs.load(Ordering::Acquire) {
            std::future::pending::<()>().await;
        }
        if self.away.load(Ordering::Acquire) {
            return Err(ErrorKind::Unavailable.into());
        }
        Ok(answer)
    }

    fn add(&self, slug: &str) -> Tenant {
        let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
        self.registry.add(&tenant).unwrap()
    }

    async fn suspend(&self, tenant: &Tenant) {
        let suspended = Tenant {
            status: Status::Suspended,
            ..tenant.clone()
        };
        self.update(&suspended).await;
    }

    async fn rename(&self, tenant: &Tenant, slug: &str) {
        let renamed = Tenant {
            slug: slug.parse().unwrap(),
            ..tenant.clone()
        };
        self.update(&renamed).await;
    }

    async fn update(&self, tenant: &Tenant) {
        use tenancy_core::registry::TenantRegistry as _;
        let by = Actor::system("elsewhere");
        self.registry.update(tenant, &by).await.unwrap();
    }

    fn finds(&self) -> usize {
        self.finds.load(Ordering::Acquire)
    }
}

impl Directory for Remote {
    async fn find(&self, address: &Address) -> Result<Option<Tenant>, Error> {
        self.finds.fetch_add(1, Ordering::AcqRel);
        tokio::task::yield_now().await;
        let found = self.registry.find(address).await?;
        let kept = |_: &Tenant| !self.erased.load(Ordering::Acquire);
        self.answer(found.filter(kept)).await
    }

    async fn changes(&self, revision: u64) -> Result<Option<Changes>, Error> {
        self.checks.fetch_add(1, Ordering::AcqRel);
        let mut changes = self.registry.changes(revision).await?;
        if let (Some(changes), true) = (&mut changes, self.overflowing.load(Ordering::Acquire)) {
            changes.overflowed = changes.tenants.len() > 1;
            changes.tenants.truncate(1);
        }
        self.answer(changes).await
    }
}

fn slug(text: &str) -> Address {
    Address::Slug(text.parse().unwrap())
}

async fn kind(tenants: &Tenants, address: &Address) -> ErrorKind {
    tenants.find(address).await.unwrap_err().kind()
}

#[tokio::test(start_paused = true)]
async fn many_requests_for_one_tenant_ask_once() {
    let remote = Remote::default();
    remote.add("acme");
    let tenants = Tenants::new(remote.clone());
    let mut requests = tokio::task::JoinSet::new();
    for name in ["acme", "nobody"] {
        for _ in 0..100 {
            let tenants = tenants.clone();
            requests.spawn(async move { tenants.find(&slug(name)).await.is_ok() });
        }
    }
    let found = requests
        .join_all()
        .await
        .into_iter()
        .filter(|found| *found)
        .count();
    assert_eq!((found, remote.finds.load(Ordering::Acquire)), (100, 2));
}

#[tokio::test(start_paused = true)]
async fn another_processs_change_holds_within_a_second_without_a_query_per_request() {
    let remote = Remote::default();
    let acme = remote.add("acme");
    let tenants = Tenants::new(remote.clone());
    let scope = tenants
        .scope(acme.id, Actor::anonymous(), Purpose::Request)
        .await
        .unwrap();
    assert_eq!(kind(&tenants, &slug("bolt")).await, ErrorKind::NotFound);
    remote.suspend(&acme).await;
    remote.add("bolt");
    advance(Duration::from_secs(1)).await;
    let suspended = ErrorKind::NotAvailable(Unavailability::Suspended);
    assert_eq!(scope.check().await.unwrap_err().kind(), suspended);
    assert_eq!(
        tenants.find(&slug("bolt")).await.unwrap().slug.as_str(),
        "bolt"
    );
    let asked = || {
        (
            remote.finds.load(Ordering::Acquire),
            remote.checks.load(Ordering::Acquire),
        )
    };
    let before = asked();
    for _ in 0..1_000 {
        tenants.find(&slug("bolt")).await.unwrap();
        scope.check().await.unwrap_err();
    }
    assert_eq!(asked(), before);
}

#[tokio::test(start_paused = true)]
async fn a_change_makes_every_address_of_its_tenant_ask_again_and_no_other_tenants() {
    let remote = Remote::default();
    let (acme, bolt) = (remote.add("acme"), remote.add("bolt"));
    let tenants = Tenants::new(remote.clone());
    let addresses = [slug("acme"), Address::Id(acme.id), slug("bolt")];
    let look = async || {
        let before = remote.finds.load(Ordering::Acquire);
        let mut seen = Vec::new();
        for address in &addresses {
            seen.push(tenants.find(address).await.unwrap().status);
        }
        (seen, remote.finds.load(Ordering::Acquire) - before)
    };
    use Status::{Active, Suspended};
    assert_eq!(look().await, (vec![Active; 3], 3));
    assert_eq!(look().await, (vec![Active; 3], 0));
    remote.suspend(&acme).await;
    advance(Duration::from_secs(1)).await;
    assert_eq!(look().await, (vec![Suspended, Suspended, Active], 2));
    assert_eq!(look().await, (vec![Suspended, Suspended, Active], 0));
    let (named, known) = (&addresses[0], &addresses[1]);
    let (one, other) = (tenants.find(named).await, tenants.find(known).await);
    assert!(Arc::ptr_eq(&one.unwrap(), &other.unwrap()), "kept once");

    remote.overflowing.store(true, Ordering::Release);
    let scope = tenants
        .scope(bolt.id, Actor::anonymous(), Purpose::Request)
        .await
        .unwrap();
    remote.suspend(&bolt).await;
    remote.add("crow");
    advance(Duration::from_secs(1)).await;
    assert_eq!(look().await, (vec![Suspended; 3], 4)); // one of them for the open scope
    assert_eq!(scope.tenant().status, Suspended);
    assert_eq!(look().await, (vec![Suspended; 3], 0));
}

#[tokio::test(start_paused = true)]
async fn a_scope_whose_record_was_read_before_a_change_and_opens_after_it_sees_the_change() {
    #[derive(Clone)]
    struct Slow(Remote, Arc<tokio::sync::Semaphore>);

    impl Directory for Slow {
        async fn find(&self, address: &Address) -> Result<Option<Tenant>, Error> {
            let read = self.0.find(address).await;
            drop(self.1.acquire().await);
            read
        }

        async fn changes(&self, revision: u64) -> Result<Option<Changes>, Error> {
            self.0.changes(revision).await
        }
    }

    let slow = Slow(Remote::default(), Arc::new(tokio::sync::Semaphore::new(1)));
    let (acme, bolt) = (slow.0.add("acme"), slow.0.add("bolt"));
    let tenants = Tenants::new(slow.clone());
    let open = |id| {
        let tenants = tenants.clone();
        async move {
            tenants
                .scope(id, Actor::anonymous(), Purpose::Request)
                .await
        }
    };
    let other = open(bolt.id).await.unwrap();
    let asked = slow.0.finds.load(Ordering::Acquire);
    let held = slow.1.acquire().await.unwrap();
    let opening = tokio::spawn(open(acme.id));
    while slow.0.finds.load(Ordering::Acquire) == asked {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await; // past the reading
    slow.0.suspend(&acme).await;
    advance(Duration::from_secs(1)).await;
    other.check().await.unwrap();
    drop(held);
    let suspended = ErrorKind::NotAvailable(Unavailability::Suspended);
    assert_eq!(opening.await.unwrap().unwrap_err().kind(), suspended);
}

#[tokio::test]
async fn an_address_that_is_not_the_records_own_finds_it_without_asking_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let acme = Tenant::new(TenantId::generate(), "acme".parse().unwrap());
    let tenants = Tenants::from_fn({
        let (asked, acme) = (asked.clone(), acme.clone());
        move |address| {
            asked.fetch_add(1, Ordering::AcqRel);
            let known = address != slug("bolt");
            let answer = known.then(|| acme.clone());
            async move { Ok(answer) }
        }
    });
    let domain = Address::Domain("www.acme.example".parse().unwrap());
    for _ in 0..3 {
        for address in [&domain, &slug("acme"), &slug("acme-shop")] {
            assert_eq!(*tenants.find(address).await.unwrap(), acme);
        }
        assert_eq!(kind(&tenants, &slug("bolt")).await, ErrorKind::NotFound);
    }
    assert_eq!(asked.load(Ordering::Acquire), 4);
    assert_eq!(tenants.cached(), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn an_address_that_a_tenant_gave_up_is_nobodys_until_another_takes_it() {
    let remote = Remote::default();
    let acme = remote.add("acme");
    let tenants = Tenants::new(remote.clone());
    let found = async |text: &str| tenants.find(&slug(text)).await.map(|tenant| tenant.id);
    assert_eq!(found("acme").await.unwrap(), acme.id);
    assert_eq!(kind(&tenants, &slug("acme-two")).await, ErrorKind::NotFound);
    assert_eq!(tenants.cached(), (1, 1));
    remote.rename(&acme, "acme-two").await;
    advance(Duration::from_secs(1)).await;
    assert_eq!(found("acme-two").await.unwrap(), acme.id);
    assert_eq!(kind(&tenants, &slug("acme")).await, ErrorKind::NotFound);
    // Each address is in one place, and neither is asked for again.
    assert_eq!(tenants.cached(), (1, 1));
    let asked = remote.finds();
    assert_eq!(kind(&tenants, &slug("acme")).await, ErrorKind::NotFound);
    assert_eq!(found("acme-two").await.unwrap(), acme.id);
    assert_eq!(remote.finds(), asked);
    let next = remote.add("acme");
    advance(Duration::from_secs(1)).await;
    assert_eq!(found("acme").await.unwrap(), next.id);
    assert_eq!(found("acme-two").await.unwrap(), acme.id);
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_is_gone_is_found_no_more_and_its_open_scopes_end() {
    let remote = Remote::default();
    let acme = remote.add("acme");
    let tenants = Tenants::new(remote.clone());
    let scope = tenants
        .scope(acme.id, Actor::system("export"), Purpose::Platform)
        .await
        .unwrap();
    tenants.find(&slug("acme")).await.unwrap();
    remote.suspend(&acme).await;
    remote.erased.store(true, Ordering::Release);
    advance(Duration::from_secs(1)).await;
    assert_eq!(scope.check().await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(kind(&tenants, &slug("acme")).await, ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_may_have_changed_is_not_served_while_the_registry_is_away() {
    let remote = Remote::default();
    let acme = remote.add("acme");
    let tenants = Tenants::new(remote.clone());
    tenants.find(&slug("acme")).await.unwrap();
    remote.rename(&acme, "acme-two").await;
    advance(Duration::from_secs(1)).await;
    tenants.find(&Address::Id(acme.id)).await.unwrap();
    remote.away.store(true, Ordering::Release);
    assert_eq!(kind(&tenants, &slug("acme")).await, ErrorKind::Unavailable);
    tenants.find(&Address::Id(acme.id)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_never_answers_is_away() {
    let remote = Remote::default();
    remote.add("acme");
    remote.add("bolt");
    let wait = Duration::from_secs(3);
    let tenants = Tenants::builder(remote.clone()).time_out(wait).build();
    tenants.find(&slug("acme")).await.unwrap();
    remote.hangs.store(true, Ordering::Release);
    let asked_at = tokio::time::Instant::now();
    assert_eq!(kind(&tenants, &slug("bolt")).await, ErrorKind::Unavailable);
    assert_eq!(asked_at.elapsed(), wait);
    tenants.find(&slug("acme")).await.unwrap();
    assert_eq!(asked_at.elapsed(), wait);
}

#[tokio::test(start_paused = true)]
async fn an_older_answer_that_comes_late_changes_nothing() {
    let registry = Arc::new(InMemoryTenants::default());
    let acme = Tenant::new(TenantId::generate(), "acme".parse().unwrap());
    let older = registry.add(&acme).unwrap();
    let newer = Tenant {
        revision: older.revision + 1,
        status: Status::Suspended,
        ..older.clone()
    };
    let tenants = Tenants::from_fn(move |address| {
        let answer = match address {
            Address::Id(_) => newer.clone(),
            _ => older.clone(),
        };
        async move { Ok(Some(answer)) }
    });
    let by_id = tenants.find(&Address::Id(acme.id)).await.unwrap();
    assert_eq!(by_id.status, Status::Suspended);
    let by_slug = tenants.find(&slug("acme")).await.unwrap();
    assert_eq!(by_slug.status, Status::Suspended);
}

#[tokio::test(start_paused = true)]
async fn while_a_closures_store_is_away_its_last_answers_hold_up_to_the_limit() {
    let away = Arc::new(AtomicBool::new(false));
    let acme = Tenant::new(TenantId::generate(), "acme".parse().unwrap());
    let tenants = Tenants::from_fn({
        let away = away.clone();
        move |address| {
            let found = (address == slug("acme")).then(|| acme.clone());
            let answer = match away.load(Ordering::Acquire) {
                false => Ok(found),
                true => Err(ErrorKind::Unavailable.into()),
            };
            async move { answer }
        }
    });
    tenants.find(&slug("acme")).await.unwrap();
    away.store(true, Ordering::Release);
    let limit = Duration::from_secs(15 * 60);
    advance(limit - Duration::from_millis(1)).await;
    tenants.find(&slug("acme")).await.unwrap();
    assert_eq!(kind(&tenants, &slug("bolt")).await, ErrorKind::Unavailable);
    advance(Duration::from_millis(1)).await;
    assert_eq!(kind(&tenants, &slug("acme")).await, ErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn work_in_the_background_ends_with_its_tenant_and_platform_work_does_not() {
    let remote = Remote::default();
    let acme = remote.add("acme");
    let tenants = Tenants::new(remote.clone());
    let by = Actor::system("operator");
    let of = async |purpose| tenants.scope(acme.id, by.clone(), purpose).await;
    let request = of(Purpose::Request).await.unwrap();
    let job = request.for_job(Actor::job("mail"));
    assert_eq!(
        (job.tenant_id(), job.purpose(), job.actor().name()),
        (acme.id, Purpose::Job, "mail")
    );
    job.check().await.unwrap();
    remote.suspend(&acme).await;
    advance(Duration::from_secs(1)).await;
    let suspended = ErrorKind::NotAvailable(Unavailability::Suspended);
    for scope in [&request, &job] {
        assert_eq!(scope.check().await.unwrap_err().kind(), suspended);
    }
    assert_eq!(of(Purpose::Job).await.unwrap_err().kind(), suspended);
    let platform = of(Purpose::Platform).await.unwrap();
    // Handing platform work to a job does not carry its privilege along.
    let handed = platform.for_job(Actor::job("mail"));
    assert_eq!(handed.check().await.unwrap_err().kind(), suspended);
}

#[tokio::test(start_paused = true)]
async fn while_the_registry_is_away_known_tenants_are_served_and_unknown_ones_refused() {
    let remote = Remote::default();
    remote.add("acme");
    remote.add("bolt");
    let limit = Duration::from_secs(60);
    let tenants = Tenants::builder(remote.clone()).stale_limit(limit).build();
    tenants.find(&slug("acme")).await.unwrap();
    let log = Log::default();
    let _listening = log.listen();
    remote.away.store(true, Ordering::Release);
    for _ in 0..20 {
        advance(Duration::from_secs(2)).await;
        tenants.find(&slug("acme")).await.unwrap();
        assert_eq!(kind(&tenants, &slug("bolt")).await, ErrorKind::Unavailable);
        tokio::task::yield_now().await; // the check ahead runs in a task of its own
        let asked = || (remote.finds(), remote.checks.load(Ordering::Acquire));
        let before = asked();
        for _ in 0..100 {
            assert_eq!(kind(&tenants, &slug("bolt")).await, ErrorKind::Unavailable);
            tokio::task::yield_now().await;
        }
        assert_eq!(asked(), before, "an outage costs no queries");
    }
    // At once, and then once in ten seconds.
    assert_eq!(log.count("cannot be asked for changes"), 4);
    advance(limit).await;
    assert_eq!(kind(&tenants, &slug("acme")).await, ErrorKind::Unavailable);
    remote.away.store(false, Ordering::Release);
    advance(Duration::from_secs(1)).await;
    for _ in 0..10 {
        tokio::task::yield_now().await;
        let _ = tenants.find(&slug("acme")).await;
    }
    tenants.find(&slug("acme")).await.unwrap();
    tenants.find(&slug("bolt")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn junk_stays_bounded_and_displaces_no_tenant() {
    let remote = Remote::default();
    remote.add("acme");
    let tenants = Tenants::builder(remote.clone()).unknown_max(100).build();
    tenants.find(&slug("acme")).await.unwrap();
    for number in 0..10_000 {
        assert_eq!(
            kind(&tenants, &slug(&format!("junk-{number}"))).await,
            ErrorKind::NotFound
        );
    }
    let (known, unknown) = tenants.cached();
    assert!(
        known == 1 && unknown <= 100,
        "{known} known, {unknown} unknown"
    );
    let asked = remote.finds.load(Ordering::Acquire);
    tenants.find(&slug("acme")).await.unwrap();
    assert_eq!(remote.finds.load(Ordering::Acquire), asked);
}

#[tokio::test(start_paused = true)]
async fn a_closures_answers_hold_for_a_second_in_open_scopes_too() {
    let open = Arc::new(AtomicBool::new(true));
    let acme = Tenant::new(TenantId::generate(), "acme".parse().unwrap());
    let tenants = Tenants::from_fn({
        let (open, acme) = (open.clone(), acme.clone());
        move |_| {
            let status = if open.load(Ordering::Acquire) {
                Status::Active
            } else {
                Status::Suspended
            };
            let tenant = Tenant {
                status,
                ..acme.clone()
            };
            async move { Ok(Some(tenant)) }
        }
    });
    let scope = tenants
        .scope(acme.id, Actor::anonymous(), Purpose::Request)
        .await
        .unwrap();
    open.store(false, Ordering::Release);
    advance(Duration::from_millis(999)).await;
    scope.check().await.unwrap();
    advance(Duration::from_millis(1)).await;
    let suspended = ErrorKind::NotAvailable(Unavailability::Suspended);
    assert_eq!(scope.check().await.unwrap_err().kind(), suspended);
    let platform = tenants
        .scope(acme.id, Actor::system("export"), Purpose::Platform)
        .await;
    platform.unwrap().check().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_a_closure_no_longer_finds_is_gone_from_open_scopes_too() {
    let erased = Arc::new(AtomicBool::new(false));
    let acme = Tenant::new(TenantId::generate(), "acme".parse().unwrap());
    let id = acme.id;
    let tenants = Tenants::from_fn({
        let erased = erased.clone();
        move |_| {
            let found = (!erased.load(Ordering::Acquire)).then(|| acme.clone());
            async move { Ok(found) }
        }
    });
    let by = Actor::system("export");
    let scope = tenants.scope(id, by, Purpose::Platform).await.unwrap();
    erased.store(true, Ordering::Release);
    advance(Duration::from_secs(1)).await;
    assert_eq!(scope.check().await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn spawned_work_has_no_tenant_unless_it_is_moved_in() {
    use futures_util::{StreamExt as _, stream};
    use tenancy_core::scope::ambient_tenant_id;
    let registry = InMemoryTenants::default();
    let acme = Tenant::new(TenantId::generate(), "acme".parse().unwrap());
    registry.add(&acme).unwrap();
    let tenants = Tenants::new(registry);
    let scope = tenants
        .scope(acme.id, Actor::anonymous(), Purpose::Request)
        .await
        .unwrap();
    let moved = scope.clone();
    scope
        .in_logs(async move {
            assert_eq!(ambient_tenant_id(), Some(acme.id));
            let spawned = tokio::spawn(async { ambient_tenant_id() }).await.unwrap();
            assert_eq!(spawned, None);
            let blocking = tokio::task::spawn_blocking(ambient_tenant_id)
                .await
                .unwrap();
            assert_eq!(blocking, None);
            let inside = moved.clone();
            let carried =
                tokio::spawn(async move { inside.in_logs(async { ambient_tenant_id() }).await });
            assert_eq!(carried.await.unwrap(), Some(acme.id));
        })
        .await;
    assert_eq!(ambient_tenant_id(), None);

    // What is polled after the work has ended has none either, wherever it was made.
    let mut tasks = tokio::task::JoinSet::new();
    let mut left_over = scope
        .in_logs(async {
            tasks.spawn(async { ambient_tenant_id() });
            Box::pin(stream::once(async { ambient_tenant_id() }))
        })
        .await;
    assert_eq!(left_over.next().await, Some(None));
    assert_eq!(tasks.join_next().await.unwrap().unwrap(), None);
}

#[tokio::test]
async fn work_inside_work_gives_the_outer_tenant_back_even_when_it_panics() {
    use futures_util::FutureExt as _;
    use std::panic::AssertUnwindSafe;
    use tenancy_core::scope::ambient_tenant_id;
    let registry = InMemoryTenants::default();
    let add = |slug: &str| {
        let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
        registry.add(&tenant).unwrap().id
    };
    let (acme, bolt) = (add("acme"), add("bolt"));
    let tenants = Tenants::new(registry);
    let scope = async |id| {
        let scope = tenants.scope(id, Actor::anonymous(), Purpose::Request);
        scope.await.unwrap()
    };
    let (of_acme, of_bolt) = (scope(acme).await, scope(bolt).await);
    let nested = async {
        let inner = async {
            assert_eq!(ambient_tenant_id(), Some(bolt));
            tokio::task::yield_now().await;
            panic!("planted");
        };
        let inner = AssertUnwindSafe(of_bolt.in_logs(inner)).catch_unwind();
        let panic: Result<(), _> = inner.await;
        assert!(panic.is_err());
        assert_eq!(ambient_tenant_id(), Some(acme));
    };
    of_acme.in_logs(nested).await;
    assert_eq!(ambient_tenant_id(), None);
}
