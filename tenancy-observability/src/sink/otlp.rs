//! OpenTelemetry's protocol, for a collector or whoever takes the same: protobuf over HTTP.

use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum, metric,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message as _;
use tenancy_core::time::Time;

use crate::metrics::{Family, Kind, Point, Snapshot, Value};

/// From when on counters count in what is sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Temporality {
    /// From the beginning of their series. What is lost on the way is in the next message.
    #[default]
    Cumulative,
    /// From the last snapshot that arrived, as Datadog and New Relic want it.
    Delta,
}

/// A message, and what of the snapshot it could not say.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// An `ExportMetricsServiceRequest`.
    pub bytes: Vec<u8>,
    /// How many points were left out, because they are no numbers.
    pub left_out: u64,
}

/// Writes a snapshot down for the service of this name, with its counters as they are.
pub fn write(snapshot: &Snapshot, service: &str) -> Message {
    Writer {
        snapshot,
        temporality: AggregationTemporality::Cumulative,
        left_out: 0,
    }
    .message(service)
}

/// The same with what was counted since an earlier snapshot.
pub fn write_since(earlier: Option<&Snapshot>, snapshot: &Snapshot, service: &str) -> Message {
    let since = earlier.map(|earlier| snapshot.since(earlier));
    let snapshot = since.as_ref().unwrap_or(snapshot);
    Writer {
        snapshot,
        temporality: AggregationTemporality::Delta,
        left_out: 0,
    }
    .message(service)
}

/// How many points a collector has refused, and why, by its answer.
pub fn refused(answer: &[u8]) -> Option<(i64, String)> {
    let answer = ExportMetricsServiceResponse::decode(answer).ok()?;
    let partial = answer.partial_success?;
    let said = partial.rejected_data_points > 0 || !partial.error_message.is_empty();
    said.then_some((partial.rejected_data_points, partial.error_message))
}

struct Writer<'a> {
    snapshot: &'a Snapshot,
    temporality: AggregationTemporality,
    left_out: u64,
}

impl Writer<'_> {
    fn message(mut self, service: &str) -> Message {
        let families = &self.snapshot.families;
        let metrics = families.iter().map(|family| self.metric(family)).collect();
        let resource = [
            ("service.name", service),
            ("service.instance.id", &self.snapshot.writer),
            ("deployment.environment.name", &self.snapshot.environment),
        ];
        let request = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(Resource {
                    attributes: resource.map(|(key, value)| text(key, value)).into(),
                    ..Resource::default()
                }),
                scope_metrics: vec![ScopeMetrics {
                    scope: Some(InstrumentationScope {
                        name: env!("CARGO_PKG_NAME").to_owned(),
                        version: env!("CARGO_PKG_VERSION").to_owned(),
                        ..InstrumentationScope::default()
                    }),
                    metrics,
                    ..ScopeMetrics::default()
                }],
                ..ResourceMetrics::default()
            }],
        };
        Message {
            bytes: request.encode_to_vec(),
            left_out: self.left_out,
        }
    }

    fn metric(&mut self, family: &Family) -> Metric {
        let aggregation_temporality = self.temporality.into();
        let data = match family.kind {
            Kind::Counter => metric::Data::Sum(Sum {
                data_points: self.numbers(family),
                aggregation_temporality,
                is_monotonic: true,
            }),
            Kind::Gauge => metric::Data::Gauge(Gauge {
                data_points: self.numbers(family),
            }),
            Kind::Histogram => metric::Data::Histogram(Histogram {
                data_points: self.histograms(family),
                aggregation_temporality,
            }),
        };
        Metric {
            name: family.name.to_string(),
            description: family.help.to_string(),
            unit: unit(&family.name).to_owned(),
            data: Some(data),
            ..Metric::default()
        }
    }

    fn numbers(&mut self, family: &Family) -> Vec<NumberDataPoint> {
        let mut points = Vec::with_capacity(family.points.len());
        for point in &family.points {
            let value = match point.value {
                Value::Counter(number) => Number::AsInt(i64::try_from(number).unwrap_or(i64::MAX)),
                Value::Gauge(number) if number.is_finite() => Number::AsDouble(number),
                Value::Gauge(_) | Value::Histogram { .. } => {
                    self.left_out += 1;
                    continue;
                }
            };
            points.push(NumberDataPoint {
                attributes: self.attributes(point),
                start_time_unix_nano: nanoseconds(point.began),
                time_unix_nano: nanoseconds(self.snapshot.at),
                value: Some(value),
                ..NumberDataPoint::default()
            });
        }
        points
    }

    fn histograms(&mut self, family: &Family) -> Vec<HistogramDataPoint> {
        let mut points = Vec::with_capacity(family.points.len());
        for point in &family.points {
            match &point.value {
                Value::Histogram {
                    bounds,
                    counts,
                    sum,
                } if sum.is_finite() => {
                    points.push(HistogramDataPoint {
                        attributes: self.attributes(point),
                        start_time_unix_nano: nanoseconds(point.began),
                        time_unix_nano: nanoseconds(self.snapshot.at),
                        count: counts.iter().sum(),
                        sum: Some(*sum),
                        bucket_counts: counts.clone(),
                        explicit_bounds: bounds.to_vec(),
                        ..HistogramDataPoint::default()
                    });
                }
                _ => self.left_out += 1,
            }
        }
        points
    }

    fn attributes(&self, point: &Point) -> Vec<KeyValue> {
        let mut attributes = vec![
            text("environment", &self.snapshot.environment),
            text("tenant", &point.tenant),
        ];
        let labels = point.labels.iter().filter(|(key, _)| **key != *"overflow");
        attributes.extend(labels.map(|(key, value)| text(key, value)));
        if point.is_overflow() {
            attributes.push(KeyValue {
                key: "otel.metric.overflow".to_owned(),
                value: Some(AnyValue {
                    value: Some(Any::BoolValue(true)),
                }),
                ..KeyValue::default()
            });
        }
        attributes
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(Any::StringValue(value.to_owned())),
        }),
        ..KeyValue::default()
    }
}

/// The unit as UCUM writes it, by the name's end.
fn unit(name: &str) -> &'static str {
    match name
        .strip_suffix("_total")
        .unwrap_or(name)
        .rsplit('_')
        .next()
    {
        Some("bytes") => "By",
        Some("nanoseconds") => "ns",
        Some("seconds") => "s",
        _ => "",
    }
}

fn nanoseconds(time: Time) -> u64 {
    u64::try_from(time.as_microseconds())
        .unwrap_or(0)
        .saturating_mul(1000)
}
