use std::fmt;

use super::{Change, Comparison, Ended, Figures, Model, Named, Report, Series, Timed};

/// How many callers a table lists.
const LISTED_MAX: usize = 10;

/// A report as people read it in a terminal.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let merged = self.merged();
        let all = merged.all();
        let plan = &self.plan;
        let how = match plan.model {
            Model::Closed { users } => format!("{users} users, each waiting for its answers"),
            Model::Open { rate, .. } => format!("{rate} requests a second, whatever the answers"),
        };
        let ended = match merged.ended {
            Ended::Interrupted => ", interrupted",
            Ended::Duration | Ended::Requests => "",
        };
        let (runs, plural) = (self.runs.len(), plural(self.runs.len()));
        writeln!(
            f,
            "{}{}: {how}; {runs} run{plural}, {:.1} s{ended}",
            plan.target,
            if merged.http2 { " over HTTP/2" } else { "" },
            merged.seconds
        )?;
        writeln!(f)?;
        head(f, "ENDPOINT")?;
        for endpoint in &merged.endpoints {
            row(f, &endpoint.name, &endpoint.series, merged.seconds)?;
        }
        row(f, "all", &all, merged.seconds)?;
        if merged.callers.len() > 1 {
            writeln!(f)?;
            head(f, "TENANT")?;
            for caller in merged.callers.iter().take(LISTED_MAX) {
                row(f, &caller.name, &caller.series, merged.seconds)?;
            }
            if let Some(more @ 1..) = merged.callers.len().checked_sub(LISTED_MAX) {
                writeln!(f, "and {more} more")?;
            }
        }
        writeln!(f)?;
        match merged.corrected() {
            Some(corrected) => {
                let raw = all.response();
                beside(f, "as measured, by users who wait", raw)?;
                beside(f, "estimated for users who do not", Some(corrected))?;
            }
            None => {
                beside(f, "from when requests were due", all.response())?;
                beside(f, "from when they were sent", all.service())?;
            }
        }
        failures(f, &merged.endpoints)?;
        if !self.timed.is_empty() {
            writeln!(f, "\nBeside the requests, one after the other:")?;
        }
        for Timed { name, times } in &self.timed {
            let count = times.map_or(0, |figures| figures.samples);
            beside(f, &format!("{name}, {count} times"), *times)?;
        }
        writeln!(f)?;
        for verdict in &self.requirements {
            let mark = if verdict.met { "met    " } else { "NOT MET" };
            writeln!(f, "{mark}  {}  ({})", verdict.requirement, verdict.shown)?;
        }
        match self.score {
            Some(score) => writeln!(f, "score    {score} of 100")?,
            None => writeln!(f, "score    none: too little was measured")?,
        }
        for remark in &self.remarks {
            writeln!(f, "Mind: {remark}.")?;
        }
        self.comparison
            .iter()
            .try_for_each(|comparison| comparison.fmt(f))
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for compared in &self.compared {
            let (before, now) = (compared.before_us, compared.now_us);
            let change = match compared.change {
                Change::Improved => "faster",
                Change::None => "no certain difference",
                Change::Regressed => "SLOWER",
            };
            writeln!(
                f,
                "{}: {:.2} ms, was {:.2} ms ({:+.1} %, by chance in {:.1} % of cases): {change}",
                compared.figure,
                now / 1e3,
                before / 1e3,
                (now / before - 1.0) * 100.0,
                compared.chance * 100.0,
            )?;
        }
        match &self.undecided {
            Some(why) => writeln!(f, "{why}."),
            None => Ok(()),
        }
    }
}

fn head(f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
    writeln!(
        f,
        "{what:28} {:>9} {:>8} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "REQUESTS", "A SECOND", "FAILED", "MEAN ms", "P50", "P95", "P99", "MAX"
    )
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, series: &Series, seconds: f64) -> fmt::Result {
    let failed = match series.error_rate() {
        Some(rate) => format!("{:.1}%", rate * 100.0),
        None => "-".to_owned(),
    };
    let rate = series.answered() as f64 / seconds.max(0.001);
    let ended = series.ended();
    write!(f, "{name:28} {ended:>9} {rate:>8.1} {failed:>7}")?;
    let figures = series.response();
    let columns: [fn(&Figures) -> u64; 5] = [
        |figures| figures.mean_us,
        |figures| figures.p50_us,
        |figures| figures.p95_us,
        |figures| figures.p99_us,
        |figures| figures.max_us,
    ];
    for column in columns {
        match &figures {
            Some(figures) => write!(f, " {:>9.2}", column(figures) as f64 / 1e3)?,
            None => write!(f, " {:>9}", "-")?,
        }
    }
    writeln!(f)
}

fn beside(f: &mut fmt::Formatter<'_>, what: &str, figures: Option<Figures>) -> fmt::Result {
    let Some(figures) = figures else {
        return writeln!(f, "{what}: nothing");
    };
    let ms = |us: u64| us as f64 / 1e3;
    writeln!(
        f,
        "{what}: p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, max {:.2} ms",
        ms(figures.p50_us),
        ms(figures.p95_us),
        ms(figures.p99_us),
        ms(figures.p999_us),
        ms(figures.max_us)
    )
}

/// What went wrong, by endpoint.
fn failures(f: &mut fmt::Formatter<'_>, endpoints: &[Named]) -> fmt::Result {
    for Named { name, series } in endpoints {
        let refused = series.statuses.iter().filter(|(status, _)| **status >= 400);
        let statuses = refused.map(|(status, count)| format!("{count} times {status}"));
        let others = [
            (series.broken, "broke off"),
            (series.timed_out, "without an answer in time"),
            (series.unreachable, "without a connection"),
        ];
        let others = others.into_iter().filter(|(count, _)| *count > 0);
        let others = others.map(|(count, what)| format!("{count} {what}"));
        let all: Vec<String> = statuses.chain(others).collect();
        if !all.is_empty() {
            writeln!(f, "{name}: {}", all.join(", "))?;
        }
    }
    Ok(())
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
