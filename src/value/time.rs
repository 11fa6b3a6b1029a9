//! Dates and times as text, from day and microsecond counts, and back.

use crate::value::json;

/// Days from 1970-01-01 to 2000-01-01.
pub const DAYS_1970_TO_2000: i64 = 10_957;
/// Microseconds of a day.
pub const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Appends `YYYY-MM-DD` for a day counted from 1970-01-01. Years before 1 are written with a minus sign (ISO 8601).
/// The algorithm is Howard Hinnant's `civil_from_days` (chrono-Compatible Low-Level Date Algorithms).
pub fn write_date(out: &mut Vec<u8>, days: i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    write_ymd(out, year, month as u32, day as u32);
}

/// A moment of the system's clock as `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
pub fn instant_of(at: std::time::SystemTime) -> String {
    let since = at.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    instant(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A moment in milliseconds since 1970 as `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
pub fn instant(milliseconds: i64) -> String {
    let micros = milliseconds.saturating_mul(1000);
    let mut out = Vec::new();
    write_date(&mut out, micros.div_euclid(MICROS_PER_DAY));
    out.push(b'T');
    write_time(&mut out, micros.rem_euclid(MICROS_PER_DAY));
    out.push(b'Z');
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends `YYYY-MM-DD`.
pub fn write_ymd(out: &mut Vec<u8>, year: i64, month: u32, day: u32) {
    if year < 0 {
        out.push(b'-');
    }
    let year = year.unsigned_abs();
    if year > 9999 {
        json::write_int(out, year);
    } else {
        two(out, (year / 100) as u32);
        two(out, (year % 100) as u32);
    }
    out.push(b'-');
    two(out, month);
    out.push(b'-');
    two(out, day);
}

/// Appends `HH:MM:SS`, with a fraction of six digits where it is not zero.
pub fn write_time(out: &mut Vec<u8>, micros: i64) {
    let seconds = micros / 1_000_000;
    write_hms(
        out,
        (seconds / 3_600) as u32,
        (seconds / 60 % 60) as u32,
        (seconds % 60) as u32,
        (micros % 1_000_000) as u32,
    );
}

/// Appends `HH:MM:SS`, with a fraction of six digits where it is not zero; more than 99 hours take their digits.
pub fn write_hms(out: &mut Vec<u8>, hours: u32, minutes: u32, seconds: u32, micros: u32) {
    if hours > 99 {
        json::write_int(out, hours);
    } else {
        two(out, hours);
    }
    out.push(b':');
    two(out, minutes);
    out.push(b':');
    two(out, seconds);
    if micros > 0 {
        out.push(b'.');
        for power in [10_000, 100, 1] {
            two(out, micros / power % 100);
        }
    }
}

/// The day of a date, counted from 1970-01-01: Howard Hinnant's `days_from_civil`.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// `YYYY-MM-DD HH:MM:SS` in UTC, of a valid date and time of day `HH:MM:SS` in a zone so many minutes east of it.
pub fn in_utc(date: &str, time: &str, minutes_east: i64) -> Option<String> {
    let numbers = |text: &str, mark: char| {
        let parts: Option<Vec<i64>> = text.split(mark).map(|part| part.parse().ok()).collect();
        parts.and_then(|parts| <[i64; 3]>::try_from(parts).ok())
    };
    let (bare, era) = date.strip_prefix('-').map_or((date, 1), |bare| (bare, -1));
    let ([year, month, day], [hours, minutes, seconds]) = (numbers(bare, '-')?, numbers(time, ':')?);
    let minute = days_of(era * year, month, day) * 1_440 + hours * 60 + minutes - minutes_east;
    let mut out = Vec::new();
    write_date(&mut out, minute.div_euclid(1_440));
    out.push(b' ');
    write_time(&mut out, (minute.rem_euclid(1_440) * 60 + seconds) * 1_000_000);
    String::from_utf8(out).ok()
}

fn two(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&[b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(days: i64, expected: &str) {
        let mut out = Vec::new();
        write_date(&mut out, days);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn days_become_dates() {
        check(0, "1970-01-01");
        check(DAYS_1970_TO_2000, "2000-01-01");
        check(19_782, "2024-02-29");
        check(-719_528, "0000-01-01");
        check(2_932_896, "9999-12-31");
        for days in [-719_528, -1, 0, 59, 60, 19_782, 2_932_896] {
            let mut out = Vec::new();
            write_date(&mut out, days);
            let date = String::from_utf8(out).expect("digits");
            assert_eq!(in_utc(&date, "23:30:05", 0), Some(format!("{date} 23:30:05")));
        }
        assert_eq!(in_utc("2024-03-01", "00:30:00", 60).as_deref(), Some("2024-02-29 23:30:00"));
        assert_eq!(in_utc("2023-12-31", "20:00:00", -330).as_deref(), Some("2024-01-01 01:30:00"));
        let mut out = Vec::new();
        write_time(&mut out, 3_723_000_042);
        assert_eq!(String::from_utf8_lossy(&out), "01:02:03.000042");
    }
}
