use std::error::Error;
use std::hint::black_box;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use stats_alloc::Region;
use tenancy_benches::{Report, Row, paired};
use tenancy_observability::load_test::{
    Ended, Ending, Endpoint, LoadTest, LoadTestBuilder, Model, Rate, Reach, Recorder, Run, Runner,
    Sample, Target,
};
use tokio::net::{TcpListener, TcpStream};

use crate::{ALLOCATOR, held};

const ROUNDS: (usize, usize) = (15, 20_000);
const USERS: u32 = 8;
const SAMPLES: u64 = 10_000_000;
const MEBIBYTES_MAX: f64 = 64.0;

/// What the tool costs, and whether its figures are right.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    throughput(report).await?;
    memory(report);
    quantiles(report);
    stall(report).await
}

/// Asking a server that does nothing, against a loop that keeps no times.
async fn throughput(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let address = serve(|| async {}).await?;
    let users = Model::Closed {
        users: USERS.try_into()?,
    };
    let base = Target::find(&format!("http://{address}"), Reach::Private).await?;
    let ours = async |requests: usize| {
        let each = (requests as u64).try_into().expect("it is not zero");
        let test = LoadTest::builder(base.clone(), users).requests_per_endpoint(each);
        let run = run(test).await.expect("it is a load test");
        assert_eq!(run.all().succeeded, requests as u64);
    };
    let row = paired(
        "a request of the load test, against a plain hyper loop's (s)",
        Some(1.5),
        ROUNDS,
        ours,
        async |requests| plain(address, requests).await,
    );
    report.row(row.await);
    Ok(())
}

/// The same requests over as many connections, and nothing else.
async fn plain(address: SocketAddr, requests: usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let users = (0..USERS).map(|_| {
        let next = next.clone();
        tokio::spawn(async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
            let (mut sender, connection) = handshake.await?;
            tokio::spawn(connection);
            while next.fetch_add(1, Ordering::Relaxed) < requests {
                let request = Request::get("/").header("host", "localhost");
                sender.ready().await?;
                let answer = sender.send_request(request.body(Empty::<Bytes>::new())?);
                black_box(answer.await?.into_body().collect().await?);
            }
            Ok::<_, Box<dyn Error + Send + Sync>>(())
        })
    });
    for user in users.collect::<Vec<_>>() {
        user.await
            .expect("no user panics")
            .expect("the server answers");
    }
}

/// What a run holds that has gone on for long.
fn memory(report: &mut Report) {
    let region = Region::new(ALLOCATOR);
    let recorder = Recorder::new(32, 1000);
    let record = |numbers: std::ops::Range<u64>| {
        for number in numbers {
            let micros = number * 7 % 60_000_000;
            let sample = answered(Duration::from_micros(micros));
            recorder.record((number % 32) as usize, (number % 1000) as usize, &sample);
        }
    };
    record(0..SAMPLES / 10);
    let before = held(&region);
    record(SAMPLES / 10..SAMPLES);
    let after = held(&region);
    let name = "memory of a run of 10,000,000 requests (MiB)";
    report.limit(name, after, MEBIBYTES_MAX);
    let name = "what the last nine tenths of them added to it (MiB)";
    report.limit(name, after - before, 1.0);
}

/// How far percentiles are from those of the times themselves.
fn quantiles(report: &mut Report) {
    // From a microsecond to five seconds, each as often as its logarithm's part.
    let times = (0..100_000).map(|step| 10_f64.powf(f64::from(step) / 100_000.0 * 6.7));
    let times: Vec<u64> = times.map(|micros| micros as u64).collect();
    let recorder = Recorder::new(1, 1);
    for micros in &times {
        recorder.record(0, 0, &answered(Duration::from_micros(*micros)));
    }
    let all = recorder.finish(Duration::from_secs(1)).all();
    let figures = all.response().expect("there are samples");
    let exact = |share: f64| times[(times.len() as f64 * share) as usize - 1] as f64;
    let worst = [
        (figures.p50_us, 0.5),
        (figures.p90_us, 0.9),
        (figures.p95_us, 0.95),
        (figures.p99_us, 0.99),
        (figures.p999_us, 0.999),
    ]
    .map(|(found, share)| (found as f64 / exact(share) - 1.0).abs())
    .into_iter()
    .fold(0.0, f64::max);
    report.limit("the error of a run's percentiles", worst, 0.01);
}

/// A server that answers nobody for a second, at 200 requests a second.
async fn stall(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let began = Arc::new(OnceLock::new());
    let address = serve(move || {
        let stall = *began.get_or_init(Instant::now) + Duration::from_secs(3);
        let now = Instant::now();
        let is_stalled = now >= stall && now < stall + Duration::from_secs(1);
        async move {
            if is_stalled {
                tokio::time::sleep_until((stall + Duration::from_secs(1)).into()).await;
            }
        }
    });
    let target = Target::find(&format!("http://{}", address.await?), Reach::Private).await?;
    let model = Model::Open {
        rate: Rate::new(200.0)?,
        in_flight_max: 1000.try_into()?,
    };
    let test = LoadTest::builder(target, model).duration(Duration::from_secs(10));
    let run = run(test).await?;
    assert_eq!(run.ended, Ended::Duration);
    let figures = run.all().response().ok_or("nothing was answered")?;
    let p99 = figures.p99_us as f64 / 1e6;
    report.row(Row {
        name: "800 ms, against the p99 that shows a stall of a second (s)".to_owned(),
        ours: 0.8,
        baseline: p99,
        ratio: 0.8 / p99,
        budget: Some(1.0),
    });
    Ok(())
}

async fn run(test: LoadTestBuilder) -> Result<Run, Box<dyn Error>> {
    let test = Arc::new(test.endpoint(Endpoint::get("/")).build()?);
    Ok(Runner::begin(&test).run(std::future::pending()).await)
}

fn answered(time: Duration) -> Sample {
    let ending = Ending::Answered {
        status: 200,
        bytes: 1,
    };
    Sample {
        response: time,
        service: time,
        ending,
    }
}

/// A server that answers when `work` is done, on a thread of its own.
async fn serve<F>(work: impl Fn() -> F + Clone + Send + 'static) -> io::Result<SocketAddr>
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::spawn(move || runtime.block_on(answer(listener, work)));
    Ok(address)
}

async fn answer<F>(
    listener: std::net::TcpListener,
    work: impl Fn() -> F + Clone + Send + 'static,
) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let work = work.clone();
        let answer = service_fn(move |_| {
            let working = work();
            async move {
                working.await;
                Ok::<_, hyper::Error>(Response::new(Full::new(Bytes::from("hello"))))
            }
        });
        let serving = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), answer);
        tokio::spawn(serving);
    }
}
