use tenancy_observability::alert::{Alert, Channel, Delivery, Level, Silence, State, TestFailed};

use super::slow_statements::moment;
use super::table::{Button, Cell, Table};
use crate::pages::language::Language;

/// Where a message that was given up is sent again.
pub(crate) const RESEND_PATH: &str = "/platform/alerts/resend";

/// Where a message is sent to see whether it arrives.
pub(crate) const TEST_PATH: &str = "/platform/alerts/test";

/// What is wrong, who is told, whom nobody could tell, and what nobody wants to be told of.
#[derive(Debug)]
pub(crate) struct AlertView<'a> {
    pub(crate) active: Vec<Alert>,
    pub(crate) channels: &'a [Channel],
    pub(crate) dead: Vec<Delivery>,
    pub(crate) silences: Vec<Silence>,
}

impl AlertView<'_> {
    pub(crate) fn tables(&self, language: Language, token: Option<&str>) -> Vec<Table> {
        let words = words(language);
        let active = self.active.iter().map(|alert| alert_row(words, alert));
        let channels = self.channels.iter();
        let channels = channels.map(|channel| channel_row(words, channel, token));
        let dead = self.dead.iter();
        let dead = dead.map(|delivery| dead_row(words, delivery, token));
        let silences = self.silences.iter().map(silence_row);
        vec![
            Table::new(words.active, &words.active_columns, active.collect()),
            Table::new(words.dead, &words.dead_columns, dead.collect()),
            Table::new(words.silences, &words.silence_columns, silences.collect()),
            Table::new(words.channels, &words.channel_columns, channels.collect()),
        ]
    }
}

/// What became of a message that was to show whether messages arrive.
pub(crate) fn tested(language: Language, channel: &str, sent: Result<(), TestFailed>) -> String {
    let words = words(language);
    match sent {
        Ok(()) => format!("{channel}: {}", words.arrived),
        Err(error) => format!("{channel}: {}: {error}", words.did_not_arrive),
    }
}

fn words(language: Language) -> &'static Words {
    language.choose(&ENGLISH, &GERMAN)
}

fn alert_row(words: &Words, alert: &Alert) -> Vec<Cell> {
    let labels = alert
        .labels
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let labels: Vec<_> = labels.collect();
    let number = |value: f64| match alert.state {
        State::NoData => Cell::Number("—".to_owned(), f64::NEG_INFINITY),
        State::Firing | State::Pending | State::Resolved => {
            Cell::Number(format!("{value:.2}"), value)
        }
    };
    vec![
        Cell::Text(words.state(alert.state).to_owned()),
        Cell::Text(words.level(alert.level).to_owned()),
        Cell::Text(alert.subject.to_string()),
        Cell::Code(alert.rule.clone()),
        Cell::Text(labels.join(" ")),
        number(alert.value),
        number(alert.threshold),
        moment(alert.since),
    ]
}

fn channel_row(words: &Words, channel: &Channel, token: Option<&str>) -> Vec<Cell> {
    vec![
        Cell::Text(channel.name().to_owned()),
        Cell::Text(words.level(channel.level_min()).to_owned()),
        Cell::Button(Button {
            label: words.send_test,
            path: TEST_PATH,
            id: channel.name().to_owned(),
            token: token.map(str::to_owned),
        }),
    ]
}

fn dead_row(words: &Words, delivery: &Delivery, token: Option<&str>) -> Vec<Cell> {
    vec![
        Cell::Text(delivery.channel.clone()),
        Cell::Text(delivery.message.title()),
        Cell::Number(delivery.attempts.to_string(), delivery.attempts.into()),
        moment(delivery.next_at),
        Cell::Text(delivery.says.clone().unwrap_or_default()),
        Cell::Button(Button {
            label: words.send_again,
            path: RESEND_PATH,
            id: delivery.id.to_string(),
            token: token.map(str::to_owned),
        }),
    ]
}

fn silence_row(silence: &Silence) -> Vec<Cell> {
    let subject = silence.subject.as_ref().map(ToString::to_string);
    vec![
        Cell::Code(silence.rule.clone().unwrap_or_default()),
        Cell::Text(subject.unwrap_or_default()),
        moment(silence.until),
        Cell::Text(silence.reason.clone()),
        Cell::Text(silence.by.clone()),
        Cell::Code(silence.id.to_string()),
    ]
}

struct Words {
    active: [&'static str; 3],
    active_columns: [&'static str; 8],
    states: [&'static str; 4],
    levels: [&'static str; 3],
    dead: [&'static str; 3],
    dead_columns: [&'static str; 6],
    send_again: &'static str,
    silences: [&'static str; 3],
    silence_columns: [&'static str; 6],
    channels: [&'static str; 3],
    channel_columns: [&'static str; 3],
    send_test: &'static str,
    arrived: &'static str,
    did_not_arrive: &'static str,
}

impl Words {
    fn state(&self, state: State) -> &'static str {
        let [firing, no_data, pending, resolved] = self.states;
        match state {
            State::Firing => firing,
            State::NoData => no_data,
            State::Pending => pending,
            State::Resolved => resolved,
        }
    }

    fn level(&self, level: Level) -> &'static str {
        let [critical, warning, info] = self.levels;
        match level {
            Level::Critical => critical,
            Level::Info => info,
            Level::Warning => warning,
        }
    }
}

static ENGLISH: Words = Words {
    active: [
        "Alerts",
        "What fires, may fire or cannot be told, on all servers.",
        "Nothing is wrong.",
    ],
    active_columns: [
        "State",
        "Level",
        "Whose",
        "Rule",
        "Which",
        "Value",
        "Threshold",
        "Since (UTC)",
    ],
    states: ["Firing", "No data", "Pending", "Resolved"],
    levels: ["Critical", "Warning", "Info"],
    dead: [
        "Messages that did not arrive",
        "Each was tried until that was given up: platform alert resend.",
        "Every message arrived.",
    ],
    dead_columns: [
        "Channel",
        "Message",
        "Attempts",
        "Given up (UTC)",
        "Why",
        "Once more",
    ],
    send_again: "Send again",
    silences: [
        "Silences",
        "What nobody is told of: platform alert silence.",
        "Nothing is silenced.",
    ],
    silence_columns: ["Rule", "Whose", "Until (UTC)", "Why", "By", "Id"],
    channels: [
        "Channels",
        "By which messages leave: platform alert test.",
        "Nobody is told of anything: there is no channel among the settings under alerts.",
    ],
    channel_columns: ["Channel", "From level", "Try it"],
    send_test: "Send a test",
    arrived: "The test message has arrived",
    did_not_arrive: "The test message did not arrive",
};

static GERMAN: Words = Words {
    active: [
        "Alarme",
        "Was auslöst, auslösen kann oder nicht zu erfahren ist, auf allen Servern.",
        "Nichts ist gestört.",
    ],
    active_columns: [
        "Stand",
        "Stufe",
        "Wessen",
        "Regel",
        "Welches",
        "Wert",
        "Schwelle",
        "Seit (UTC)",
    ],
    states: ["Ausgelöst", "Keine Daten", "Bevorstehend", "Vorbei"],
    levels: ["Kritisch", "Warnung", "Hinweis"],
    dead: [
        "Nicht angekommene Nachrichten",
        "Jede wurde versucht, bis das aufgegeben wurde: platform alert resend.",
        "Jede Nachricht ist angekommen.",
    ],
    dead_columns: [
        "Kanal",
        "Nachricht",
        "Versuche",
        "Aufgegeben (UTC)",
        "Grund",
        "Noch einmal",
    ],
    send_again: "Erneut senden",
    silences: [
        "Stummschaltungen",
        "Wovon niemand erfährt: platform alert silence.",
        "Nichts ist stummgeschaltet.",
    ],
    silence_columns: ["Regel", "Wessen", "Bis (UTC)", "Grund", "Von", "Id"],
    channels: [
        "Kanäle",
        "Auf denen Nachrichten hinausgehen: platform alert test.",
        "Niemand erfährt etwas: unter den Einstellungen von alerts ist kein Kanal.",
    ],
    channel_columns: ["Kanal", "Ab Stufe", "Versuchen"],
    send_test: "Test senden",
    arrived: "Die Testnachricht ist angekommen",
    did_not_arrive: "Die Testnachricht ist nicht angekommen",
};
