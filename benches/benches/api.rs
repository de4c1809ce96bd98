//! Reading and validating resources, beside the bare events of the YAML parser.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use meshwork_api::{AnyObject, read};
use meshwork_benches::yaml;
use serde_saphyr::granit_parser::Parser;

const SIZES: [usize; 2] = [100, 1_000];

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("api");
    group.sample_size(20);
    for size in SIZES {
        let text = yaml(size);
        let objects = read::documents("bench.yaml", &text).objects;
        assert_eq!(objects.len(), size);
        let json: Vec<String> = objects.iter().map(|located| located.value().to_string()).collect();
        let json = format!("[{}]", json.join(","));
        let list = format!(r#"{{"apiVersion":"v1","kind":"List","items":{json}}}"#);
        group.bench_function(BenchmarkId::new("parse", size), |bencher| {
            bencher.iter(|| read::documents("bench.yaml", black_box(&text)));
        });
        group.bench_function(BenchmarkId::new("parse_events", size), |bencher| {
            bencher.iter(|| Parser::new_from_str(black_box(&text)).filter(Result::is_ok).count());
        });
        group.bench_function(BenchmarkId::new("parse_json", size), |bencher| {
            bencher.iter(|| read::documents("bench.json", black_box(&list)));
        });
        let objects: Vec<AnyObject> = objects.into_iter().map(|located| located.object).collect();
        group.bench_function(BenchmarkId::new("validate", size), |bencher| {
            bencher
                .iter(|| objects.iter().filter(|object| object.validate().is_rejected()).count());
        });
    }
    group.finish();
}

/// Printed, not timed: how much memory reading 10 MB takes at the most.
fn memory(_: &mut Criterion) {
    let one = yaml(1_000);
    let text = one.repeat(10_000_000 / one.len() + 1);
    let counted = allocation_counter::measure(|| {
        black_box(read::documents("bench.yaml", &text));
    });
    eprintln!(
        "api/parse peak: {} bytes for {} bytes of YAML, {:.1} times",
        counted.bytes_max,
        text.len(),
        counted.bytes_max as f64 / text.len() as f64
    );
}

criterion_group!(benches, parse, memory);
criterion_main!(benches);
