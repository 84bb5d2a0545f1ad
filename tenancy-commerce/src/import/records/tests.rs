use std::io::Cursor;

use csv_core::{ReadRecordResult, Reader};
use proptest::prelude::*;

use super::*;

fn rows(file: &[u8]) -> Vec<Result<Vec<String>, u64>> {
    let mut records = Records::new(Cursor::new(file)).unwrap();
    let mut rows = Vec::new();
    loop {
        match records.advance().unwrap() {
            Advance::End => return rows,
            Advance::Issue(issue) => rows.push(Err(issue.row)),
            Advance::Row => {
                let columns = records.header().len();
                let cells = (0..columns).map(|column| records.record().get(column).to_owned());
                rows.push(Ok(cells.collect()));
            }
        }
    }
}

/// What csv-core reads, without the header and blank rows.
fn rows_by_csv_core(file: &[u8]) -> Vec<Vec<String>> {
    let (mut reader, mut rest) = (Reader::new(), file);
    let (mut text, mut ends) = (vec![0; file.len() + 1], vec![0; file.len() + 2]);
    let mut rows = Vec::new();
    loop {
        let (mut written, mut cells) = (0, 0);
        loop {
            let (result, read, bytes, more) =
                reader.read_record(rest, &mut text[written..], &mut ends[cells..]);
            (rest, written, cells) = (&rest[read..], written + bytes, cells + more);
            match result {
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return rows.split_off(1.min(rows.len())),
                _ => {}
            }
        }
        let starts = std::iter::once(0).chain(ends[..cells].iter().copied());
        let cells = starts
            .zip(&ends[..cells])
            .map(|(start, end)| &text[start..*end]);
        let row: Vec<String> = cells
            .map(|cell| String::from_utf8(cell.to_vec()).unwrap())
            .collect();
        if rows.is_empty() || row.iter().any(|cell| !cell.is_empty()) {
            rows.push(row);
        }
    }
}

#[test]
fn a_row_is_found_again_by_its_place() {
    let padding = "x".repeat(40_000);
    let file = format!("a,b\n1,{padding}\n2,\"{padding}\"\n3,{padding}\n4,z\n");
    let mut records = Records::new(Cursor::new(file)).unwrap();
    let mut places = Vec::new();
    while matches!(records.advance().unwrap(), Advance::Row) {
        places.push((records.place(), records.record().get(0).to_owned()));
    }
    assert_eq!(places.len(), 4);
    for (place, first) in places.iter().rev().chain(&places) {
        records.seek(*place).unwrap();
        assert!(matches!(records.advance().unwrap(), Advance::Row));
        assert_eq!(
            (records.place(), records.record().get(0)),
            (*place, first.as_str())
        );
        assert_eq!(records.record().row(), place.row);
    }
}

#[test]
fn blank_rows_count_but_are_not_read() {
    assert_eq!(rows(b"\r\na,b\r\n\r\n,\r\n1\r\n"), [Err(5)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn sound_files_are_read_as_csv_core_reads_them(
        table in prop::collection::vec(prop::collection::vec(("[a\",;\r\n\té ]{0,6}", any::<bool>()), 3), 0..6),
        line_end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        ends_with_line_end: bool,
    ) {
        let mut file = "x,y,z".to_owned();
        for row in &table {
            file += line_end;
            let cells = row.iter().map(|(cell, quoted)| {
                let quoted = *quoted || cell.contains(['"', ',', '\r', '\n']);
                if quoted { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
            });
            file += &cells.collect::<Vec<_>>().join(",");
        }
        if ends_with_line_end {
            file += line_end;
        }
        let expected: Vec<_> = rows_by_csv_core(file.as_bytes()).into_iter().map(Ok).collect();
        prop_assert_eq!(rows(file.as_bytes()), expected);
    }
}
