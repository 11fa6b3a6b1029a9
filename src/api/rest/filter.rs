//! The filter grammar of REST.
//!
//! ```text
//! or         := xor ("OR" xor)*                 also ||
//! xor        := and ("XOR" and)*
//! and        := unary ("AND" unary)*            also &&
//! unary      := "NOT" unary | "(" or ")" | comparison
//! comparison := what op value | what ["NOT"] "IN" "(" value, … ")" | what ["NOT"] word value
//!             | what "IS" ["NOT"] "NULL" | what ["NOT"] "BETWEEN" value "AND" value
//!             | relationship ".(" or ")"
//! what       := field | relationship "." field | relationship "." function "(" [field] ")"
//! function   := COUNT SUM AVG MIN MAX
//! op         := = != <> < <= > >= EQ NE LT LTE GT GTE      word := LIKE CONTAINS STARTS WITH ENDS WITH
//! value      := 'text' | "text" | bare text | :parameter | (NOW())
//! ```
//! Keywords match in any case. A bare text ends at a closing parenthesis or at AND, OR, XOR. A quote within quotes may be
//! doubled; a single one ends the text only where a comparison can end. Every value is bound, whatever it contains.

use std::cell::Cell;
use std::collections::HashMap;

use crate::query::filter::{Filter, LONGEST_VALUE, Literal, MOST_COMPARISONS, MOST_VALUES, Name, Operator, Test};
use crate::statement::{Aggregate, Comparison};

/// Parentheses and NOTs within each other.
const DEEPEST: usize = 50;

/// What is wrong with a filter, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// What is wrong.
    pub message: String,
    /// Position in the text, in characters.
    pub position: usize,
    /// How to mend it.
    pub hint: Option<&'static str>,
}

/// Reads a filter; `None` for an empty text. `params` are the values of `:name` placeholders, colon included.
pub fn parse(text: &str, params: &HashMap<String, String>) -> Result<Option<Filter>, FilterError> {
    let counted = Cell::new((0, 0));
    let mut parser = Parser { text, at: 0, counted, params, depth: 0, comparisons: 0, values: 0 };
    parser.skip_blanks();
    if parser.rest().is_empty() {
        return Ok(None);
    }
    let filter = parser.or()?;
    parser.skip_blanks();
    match parser.rest() {
        "" => Ok(Some(filter)),
        rest if rest.starts_with(')') => Err(parser.unparsable("there is a closing parenthesis too many")),
        _ => Err(parser.unparsable("comparisons are joined by AND or OR")),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// A byte position that was counted in characters, and their number.
    counted: Cell<(usize, usize)>,
    params: &'a HashMap<String, String>,
    depth: usize,
    comparisons: usize,
    values: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// A byte position in characters. Positions are asked for one near the other, so little is counted each time.
    fn characters(&self, at: usize) -> usize {
        let (byte, count) = self.counted.get();
        let between = |a: usize, b: usize| self.text.get(a..b).map_or(0, |part| part.chars().count());
        let count = if at >= byte { count + between(byte, at) } else { count - between(at, byte) };
        self.counted.set((at, count));
        count
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn error(&self, message: &str, hint: Option<&'static str>) -> FilterError {
        FilterError { message: message.to_owned(), position: self.characters(self.at), hint }
    }

    fn unparsable(&self, hint: &'static str) -> FilterError {
        self.error("Invalid or unparsable filter request.", Some(hint))
    }

    /// Whether a keyword stands here; a word must end where it ends.
    fn sees(&self, keyword: &str) -> bool {
        let rest = self.rest();
        let matches = rest.get(..keyword.len()).is_some_and(|start| start.eq_ignore_ascii_case(keyword));
        let word = keyword.ends_with(|c: char| c.is_ascii_alphabetic());
        matches && !(word && rest[keyword.len()..].starts_with(is_name_char))
    }

    fn takes(&mut self, keyword: &str) -> bool {
        self.skip_blanks();
        let sees = self.sees(keyword);
        if sees {
            self.at += keyword.len();
        }
        sees
    }

    fn takes_any(&mut self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.takes(keyword))
    }

    fn or(&mut self) -> Result<Filter, FilterError> {
        let mut parts = vec![self.xor()?];
        while self.takes_any(&["OR", "||"]) {
            parts.push(self.xor()?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Filter::Or(parts) })
    }

    fn xor(&mut self) -> Result<Filter, FilterError> {
        let mut filter = self.and()?;
        while self.takes("XOR") {
            filter = Filter::Xor(filter.into(), self.and()?.into());
        }
        Ok(filter)
    }

    fn and(&mut self) -> Result<Filter, FilterError> {
        let mut parts = vec![self.unary()?];
        while self.takes_any(&["AND", "&&"]) {
            parts.push(self.unary()?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Filter::And(parts) })
    }

    fn unary(&mut self) -> Result<Filter, FilterError> {
        if self.depth >= DEEPEST {
            return Err(self.unparsable("parentheses and NOT go at most 50 deep"));
        }
        self.depth += 1;
        let filter = if self.takes("NOT") {
            Filter::Not(self.unary()?.into())
        } else if self.takes("(") {
            let inner = self.or()?;
            if !self.takes(")") {
                return Err(self.unparsable("a closing parenthesis is missing"));
            }
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn comparison(&mut self) -> Result<Filter, FilterError> {
        self.comparisons += 1;
        if self.comparisons > MOST_COMPARISONS {
            return Err(self.error("a filter has at most 500 comparisons", Some("use IN for many values of one field")));
        }
        let mut field = self.field()?;
        if self.rest().starts_with('(') && field.text.ends_with('.') {
            field.text.pop();
            self.at += 1;
            return self.related(field);
        }
        let aggregate = self.aggregate(&mut field)?;
        let test = self.test()?;
        Ok(match aggregate {
            None => Filter::Compare { field, test },
            Some((aggregate, of)) => Filter::Aggregated { path: field, aggregate, field: of, test },
        })
    }

    /// What stands behind a field or an aggregate.
    fn test(&mut self) -> Result<Test, FilterError> {
        if self.takes("IS") {
            let negated = self.takes("NOT");
            if !self.takes("NULL") {
                return Err(self.unparsable("IS is followed by NULL or NOT NULL"));
            }
            return Ok(Test { operator: Operator::IsNull, negated, values: Vec::new() });
        }
        let negated = self.takes("NOT");
        let (operator, values) = match self.operator() {
            Some(Operator::Compare(_)) if negated => {
                return Err(self.unparsable("write NOT before the field"));
            }
            Some(Operator::In) => (Operator::In, self.list()?),
            Some(Operator::Between) => {
                let low = self.value(false)?;
                if !self.takes("AND") {
                    return Err(self.unparsable("BETWEEN takes two values joined by AND"));
                }
                (Operator::Between, vec![low, self.value(false)?])
            }
            Some(operator) => (operator, vec![self.value(false)?]),
            None => {
                return Err(self.unparsable("write field, operator, value, as in country = 'DE'"));
            }
        };
        Ok(Test { operator, negated, values })
    }

    /// `customers.(…)`, behind its parenthesis.
    fn related(&mut self, path: Name) -> Result<Filter, FilterError> {
        if self.depth >= DEEPEST {
            return Err(self.unparsable("parentheses and NOT go at most 50 deep"));
        }
        self.depth += 1;
        let inner = self.or()?;
        if !self.takes(")") {
            return Err(self.unparsable("a closing parenthesis is missing"));
        }
        self.depth -= 1;
        Ok(Filter::Related { path, filter: inner.into() })
    }

    /// `customers.sum(amount)`: the function and its field, which are taken off the name.
    fn aggregate(&mut self, name: &mut Name) -> Result<Option<(Aggregate, Option<String>)>, FilterError> {
        if !self.rest().starts_with('(') {
            return Ok(None);
        }
        let Some((path, aggregate)) =
            name.text.rsplit_once('.').and_then(|(path, word)| Some((path, Aggregate::from_word(word)?)))
        else {
            return Ok(None);
        };
        self.at += 1;
        self.skip_blanks();
        let field = match self.rest().chars().next() {
            Some(')') => None,
            Some('*') => {
                self.at += 1;
                None
            }
            _ => Some(self.field()?.text),
        };
        if !self.takes(")") {
            return Err(self.unparsable("an aggregate is written customers.sum(amount)"));
        }
        name.text = path.to_owned();
        Ok(Some((aggregate, field)))
    }

    fn field(&mut self) -> Result<Name, FilterError> {
        self.skip_blanks();
        let position = self.at;
        if self.rest().starts_with('"') {
            let mut text = String::new();
            let mut rest = &self.rest()[1..];
            loop {
                let Some(end) = rest.find('"') else {
                    return Err(self.unparsable("a quoted field name does not end"));
                };
                text.push_str(&rest[..end]);
                rest = &rest[end + 1..];
                match rest.strip_prefix('"') {
                    Some(tail) => {
                        text.push('"');
                        rest = tail;
                    }
                    None => break,
                }
            }
            self.at = self.text.len() - rest.len();
            let name = self.rest();
            // Behind a quoted path: `."field"`, `.(…)` or `.count()`.
            if name.starts_with('.') {
                let length = name.find(|c| !is_name_char(c)).unwrap_or(name.len());
                text.push_str(&name[..length]);
                self.at += length;
            }
            return Ok(Name { text, position: self.characters(position) });
        }
        let length = self.rest().find(|c| !is_name_char(c)).unwrap_or(self.rest().len());
        if length == 0 {
            return Err(self.unparsable("a comparison starts with a field's name"));
        }
        let text = self.rest()[..length].to_owned();
        self.at += length;
        Ok(Name { text, position: self.characters(position) })
    }

    fn operator(&mut self) -> Option<Operator> {
        use Comparison::{Eq, Ge, Gt, Le, Lt, Ne};
        const OPERATORS: [(&str, Operator); 17] = [
            (">=", Operator::Compare(Ge)),
            ("<=", Operator::Compare(Le)),
            ("!=", Operator::Compare(Ne)),
            ("<>", Operator::Compare(Ne)),
            ("=", Operator::Compare(Eq)),
            (">", Operator::Compare(Gt)),
            ("<", Operator::Compare(Lt)),
            ("GTE", Operator::Compare(Ge)),
            ("LTE", Operator::Compare(Le)),
            ("EQ", Operator::Compare(Eq)),
            ("NE", Operator::Compare(Ne)),
            ("GT", Operator::Compare(Gt)),
            ("LT", Operator::Compare(Lt)),
            ("IN", Operator::In),
            ("LIKE", Operator::Like),
            ("CONTAINS", Operator::Contains),
            ("BETWEEN", Operator::Between),
        ];
        for (word, operator) in OPERATORS {
            if self.takes(word) {
                return Some(operator);
            }
        }
        let before = self.at;
        for (word, operator) in [("STARTS", Operator::StartsWith), ("ENDS", Operator::EndsWith)] {
            if self.takes(word) && self.takes("WITH") {
                return Some(operator);
            }
            self.at = before;
        }
        None
    }

    fn list(&mut self) -> Result<Vec<Literal>, FilterError> {
        if !self.takes("(") {
            return Err(
                self.error("Filter value lists must be wrapped in parentheses.", Some("write it as id IN (1, 2)"))
            );
        }
        let mut values = Vec::new();
        loop {
            values.push(self.value(true)?);
            if self.takes(")") {
                return Ok(values);
            }
            if !self.takes(",") {
                return Err(self.unparsable("a list of values ends with a closing parenthesis"));
            }
        }
    }

    fn value(&mut self, in_list: bool) -> Result<Literal, FilterError> {
        self.skip_blanks();
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(self.error("a filter has at most 10000 values", Some("ask in several requests")));
        }
        let position = self.at;
        let literal = self.any_value(in_list)?;
        if literal.text.len() > LONGEST_VALUE {
            self.at = position;
            return Err(self.error("a value has at most 10000 bytes", None));
        }
        Ok(literal)
    }

    fn any_value(&mut self, in_list: bool) -> Result<Literal, FilterError> {
        let position = self.at;
        let first = self.rest().chars().next();
        if let Some(quote @ ('\'' | '"')) = first {
            return self.quoted(quote, in_list);
        }
        let length = self.bare_length(in_list);
        let text = self.rest()[..length].trim_end();
        if text.is_empty() {
            return Err(self.unparsable("a value is missing; an empty text is written ''"));
        }
        self.at += length;
        let characters = self.characters(position);
        let literal = |text: String| Ok(Literal { text, position: characters });
        if let Some(value) = self.params.get(text) {
            return literal(value.clone());
        }
        if text.starts_with('{') && text.ends_with('}') {
            self.at = position;
            return Err(self.error("look-ups such as {user.id} are not in this version", Some("send the value itself")));
        }
        match function_of(text) {
            Some(value) => literal(value),
            None => literal(text.to_owned()),
        }
    }

    /// Length of a bare text: up to where the comparison can end.
    fn bare_length(&self, in_list: bool) -> usize {
        let mut open = 0;
        let mut after_blank = false;
        for (at, c) in self.rest().char_indices() {
            match c {
                '(' => open += 1,
                ')' if open == 0 => return at,
                ')' => open -= 1,
                ',' if in_list && open == 0 => return at,
                _ if after_blank && open == 0 && !in_list && starts_with_joiner(&self.rest()[at..]) => {
                    return at;
                }
                _ => {}
            }
            after_blank = c.is_whitespace() || c == ')';
        }
        self.rest().len()
    }

    fn quoted(&mut self, quote: char, in_list: bool) -> Result<Literal, FilterError> {
        let position = self.at;
        let mut text = String::new();
        let mut rest = &self.rest()[1..];
        // Behind the last quote that did not end the value, something stands that is no joining word.
        let mut behind = None;
        loop {
            let Some(end) = rest.find(quote) else {
                self.at = behind.unwrap_or(position);
                return Err(match behind {
                    Some(_) => self.unparsable("comparisons are joined by AND or OR"),
                    None => self.unparsable("a quoted value does not end"),
                });
            };
            text.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            if let Some(tail) = rest.strip_prefix(quote) {
                text.push(quote);
                rest = tail;
                continue;
            }
            let next = rest.trim_start();
            let ends = next.is_empty()
                || next.starts_with(')')
                || in_list && next.starts_with(',')
                || starts_with_joiner(next);
            if ends {
                self.at = self.text.len() - rest.len();
                return Ok(Literal { text, position: self.characters(position) });
            }
            behind = next.starts_with(char::is_alphanumeric).then_some(self.text.len() - next.len());
            text.push(quote);
        }
    }
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '-' | '[' | ']')
}

/// Whether a word that joins comparisons starts here.
fn starts_with_joiner(text: &str) -> bool {
    if text.starts_with("&&") || text.starts_with("||") {
        return true;
    }
    ["AND", "OR", "XOR"].iter().any(|word| {
        text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && (text.len() == word.len() || text[word.len()..].starts_with(|c: char| c.is_whitespace() || c == '('))
    })
}

/// The functions that a parenthesised value may call; they are evaluated here and bound as values.
fn function_of(text: &str) -> Option<String> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?.trim().to_ascii_lowercase();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
    match inner.as_str() {
        "now()" | "current_timestamp" | "current_timestamp()" | "utc_timestamp()" => {
            Some(super::values::timestamp(now.as_secs()))
        }
        "current_date" | "current_date()" | "curdate()" => {
            Some(super::values::timestamp(now.as_secs())[..10].to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<String, FilterError> {
        let params = HashMap::from([(":t".to_owned(), "Bartleby, the Scrivener".to_owned())]);
        parse(text, &params).map(|filter| filter.map_or(String::new(), |filter| filter.to_string()))
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
    }

    #[test]
    fn what_is_read() {
        check("", "");
        check("title='Dune'", "title = 'Dune'");
        check("(title=\"Dune\")", "title = 'Dune'");
        check("TITLE = Dune", "TITLE = 'Dune'");
        check("pages>=320", "pages >= '320'");
        check("pages gte 320", "pages >= '320'");
        check("lang <> en", "lang <> 'en'");
        check("(lang='en') AND (pages>400)", "(lang = 'en') AND (pages > '400')");
        check("(lang='en')and(pages>400)", "(lang = 'en') AND (pages > '400')");
        check("(lang='en')  &&  (pages>400)", "(lang = 'en') AND (pages > '400')");
        check("lang='en' AND pages>400 or id=1", "((lang = 'en') AND (pages > '400')) OR (id = '1')");
        check("NOT((lang='en') OR (pages=90))", "NOT ((lang = 'en') OR (pages = '90'))");
        check("NOT lang='en'", "NOT (lang = 'en')");
        check("title not like '%nie%'", "title NOT LIKE '%nie%'");
        check("author contains 'r'", "author CONTAINS 'r'");
        check("title starts with Du", "title STARTS WITH 'Du'");
        check("author ends with en", "author ENDS WITH 'en'");
        check("id in(1,3)", "id IN ('1', '3')");
        check("id not in (1,3)", "id NOT IN ('1', '3')");
        check("title in ('Emma','Bartleby, the Scrivener')", "title IN ('Emma', 'Bartleby, the Scrivener')");
        check("author='O'Dea'", "author = 'O''Dea'");
        check("author='O''Dea'", "author = 'O''Dea'");
        check("title='Salt AND Pepper'", "title = 'Salt AND Pepper'");
        check("pages is not null", "pages IS NOT NULL");
        check("pages between 200 and 400", "pages BETWEEN '200' AND '400'");
        check("title=:t", "title = 'Bartleby, the Scrivener'");
        check("title=:unknown", "title = ':unknown'");
        check("(first_name like Ch%) or (last_name like Ch%)", "(first_name LIKE 'Ch%') OR (last_name LIKE 'Ch%')");
        check("city = New York and id=1", "(city = 'New York') AND (id = '1')");
        check("name = f(x) AND a=1", "(name = 'f(x)') AND (a = '1')");
        check("name=''", "name = ''");
        check("a=1 xor b=2", "(a = '1') XOR (b = '2')");
        check("url like '%=%'", "url LIKE '%=%'");
        check("\"odd name\" = 1", "\"odd name\" = '1'");
    }

    #[test]
    fn what_is_refused() {
        let refuse = |text: &str, position: usize, message: &str| {
            let error = read(text).expect_err(text);
            assert_eq!((error.position, error.message.as_str()), (position, message), "{text}");
        };
        let unparsable = "Invalid or unparsable filter request.";
        refuse("title", 5, unparsable);
        refuse("title rlike 'D'", 6, unparsable);
        refuse("id IN 1,3", 6, "Filter value lists must be wrapped in parentheses.");
        refuse("(id=1", 5, unparsable);
        refuse("id=1)", 4, unparsable);
        refuse("id = ", 5, unparsable);
        refuse("id = 'x", 5, unparsable);
        refuse("id in ()", 7, unparsable);
        refuse("pages between 1", 15, unparsable);
        refuse("title=Salt AND Pepper", 21, unparsable);
        refuse("id=1 AND", 8, unparsable);
        refuse("name = 'x' limit 100", 11, unparsable);
        refuse("näme = 'x", 7, unparsable);
        refuse(&vec!["a=1"; 501].join(" xor "), 4000, "a filter has at most 500 comparisons");
        refuse(&format!("a in ({})", vec!["1"; 10_001].join(",")), 20006, "a filter has at most 10000 values");
        refuse("id={user.id}", 3, "look-ups such as {user.id} are not in this version");
        refuse(&"(".repeat(60), 50, unparsable);
    }

    fn filters() -> impl Strategy<Value = Filter> {
        let literal = ".{0,12}".prop_map(|text| Literal { text, position: 0 });
        let name = "[a-z_]{1,6}|[a-z \"']{1,5}".prop_map(|text| Name { text, position: 0 });
        let test = (0usize..12, proptest::bool::ANY, proptest::collection::vec(literal, 2..4)).prop_map(
            |(kind, negated, mut values)| {
                let operator = match kind {
                    0 => Operator::Compare(Comparison::Eq),
                    1 => Operator::Compare(Comparison::Ne),
                    2 => Operator::Compare(Comparison::Lt),
                    3 => Operator::Compare(Comparison::Ge),
                    4 => Operator::In,
                    5 => Operator::Like,
                    6 => Operator::Contains,
                    7 => Operator::StartsWith,
                    8 => Operator::EndsWith,
                    9 => Operator::IsNull,
                    _ => Operator::Between,
                };
                values.truncate(match operator {
                    Operator::In => 3,
                    Operator::Between => 2,
                    Operator::IsNull => 0,
                    _ => 1,
                });
                Test { operator, negated: negated && kind > 3, values }
            },
        );
        let path = "[a-z_]{1,6}(\\.[a-z_]{1,6})?".prop_map(|text| Name { text: format!("{text}_"), position: 0 });
        let functions = [Aggregate::Count, Aggregate::Sum, Aggregate::Avg, Aggregate::Min, Aggregate::Max];
        let function =
            (proptest::sample::select(functions.to_vec()), proptest::option::of("[a-z_]{1,6}|[a-z \"']{1,5}"));
        let leaf = prop_oneof![
            (name, test.clone()).prop_map(|(field, test)| Filter::Compare { field, test }),
            (path.clone(), function, test)
                .prop_map(|(path, (aggregate, field), test)| { Filter::Aggregated { path, aggregate, field, test } }),
        ];
        leaf.prop_recursive(4, 24, 3, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
                proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| Filter::Xor(a.into(), b.into())),
                (path.clone(), inner.clone())
                    .prop_map(|(path, filter)| Filter::Related { path, filter: filter.into() }),
                inner.prop_map(|part| Filter::Not(part.into())),
            ]
        })
    }

    proptest! {
        #[test]
        fn printing_and_reading_is_the_identity(filter in filters()) {
            let text = filter.to_string();
            prop_assert_eq!(parse(&text, &HashMap::new()), Ok(Some(filter)), "{}", text);
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = parse(&text, &HashMap::new());
        }
    }
}
