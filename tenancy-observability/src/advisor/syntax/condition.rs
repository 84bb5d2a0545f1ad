//! Conditions, and what they ask of which mention of a table.

use sqlparser::ast::{BinaryOperator, Expr, InTarget, ObjectNamePart, UnaryOperator, Value};

use super::access::{Predicate, Test};
use super::canonical::{canonical, conjuncts, uncast};
use super::reader::Reader;
use crate::advisor::catalog::Engine;
use crate::advisor::design::Term;

impl Reader<'_> {
    /// Notes the conditions of a `WHERE` or an `ON`.
    pub(super) fn selection(&mut self, selection: Option<&Expr>) {
        let Some(selection) = selection else { return };
        for conjunct in conjuncts(selection) {
            self.look_at_condition(conjunct);
        }
    }

    fn look_at_condition(&mut self, condition: &Expr) {
        if let Some(pairs) = equal_pairs(condition) {
            return pairs.iter().for_each(|pair| self.look_at_condition(pair));
        }
        if self.equates(condition) || self.membership(condition) {
            return;
        }
        self.look_at(condition);
        if let Some(arms) = disjuncts(condition) {
            return self.alternatives(&arms);
        }
        if let Some((access, predicate)) = self.predicate(condition) {
            let access = &mut self.accesses[access];
            let opposite = access.predicates.iter_mut().find(|other| {
                other.term == predicate.term && other.is_range() && predicate.is_range()
            });
            // Two bounds of one term are one range.
            match opposite {
                Some(other) => {
                    other.test = Test::Range { bounds: 2 };
                    let text = std::mem::take(&mut other.text);
                    other.text = format!("{text} AND {}", predicate.text);
                }
                None => access.predicates.push(predicate),
            }
        }
    }

    /// `a.x = b.y`
    fn equates(&mut self, condition: &Expr) -> bool {
        let Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            right,
        } = condition
        else {
            return false;
        };
        match (self.place(left), self.place(right)) {
            (Some(left), Some(right)) if left.access != right.access => {
                self.joined(&left, &right);
                true
            }
            _ => false,
        }
    }

    /// `a.x IN (SELECT b.y …)`
    fn membership(&mut self, condition: &Expr) -> bool {
        let Expr::In {
            expr,
            target: InTarget::Subquery(query),
            negated,
            ..
        } = condition
        else {
            return false;
        };
        let outputs = self.query(query);
        self.look_at(expr);
        let mut columns = outputs.values();
        if let (Some(place), Some(output), None) =
            (self.place(expr), columns.next(), columns.next())
            && !negated
            && place.access != output.access
        {
            self.joined(&place, output);
        }
        true
    }

    fn alternatives(&mut self, arms: &[&Expr]) {
        let mut of = None;
        let mut read = Vec::new();
        for arm in arms {
            let mut predicates = Vec::new();
            for conjunct in conjuncts(arm) {
                let Some((access, predicate)) = self.predicate(conjunct) else {
                    return;
                };
                if *of.get_or_insert(access) != access {
                    return;
                }
                predicates.push(predicate);
            }
            read.push(predicates);
        }
        let Some(access) = of else { return };
        match one_of(&read).or_else(|| one_range(&read)) {
            Some(predicate) => self.accesses[access].predicates.push(predicate),
            None => self.accesses[access].alternatives.push(read),
        }
    }

    /// A condition on one term of one mention.
    fn predicate(&self, condition: &Expr) -> Option<(usize, Predicate)> {
        let (expr, test, value) = match condition {
            Expr::Nested(inner) => return self.predicate(inner),
            Expr::BinaryOp { left, op, right } => {
                return self.comparison(left, op, right, condition);
            }
            Expr::IsNull(expr) => (&**expr, Test::IsNull, None),
            Expr::IsTrue(expr) => (&**expr, Test::Equal, Some("true".to_owned())),
            Expr::IsFalse(expr) => (&**expr, Test::Equal, Some("false".to_owned())),
            Expr::Between {
                expr,
                negated: false,
                ..
            } => (&**expr, Test::Range { bounds: 2 }, None),
            Expr::In {
                expr,
                target: InTarget::List(list),
                negated: false,
                ..
            } => {
                let value = match list.as_slice() {
                    [only] => literal(only),
                    _ => None,
                };
                (&**expr, Test::In(Some(list.len())), value)
            }
            Expr::AnyOp {
                left,
                compare_op: BinaryOperator::Eq,
                ..
            } => (&**left, Test::In(None), None),
            Expr::Like {
                negated: false,
                expr,
                pattern,
                ..
            } => {
                return self.pattern(expr, pattern, false, condition);
            }
            Expr::ILike {
                negated: false,
                expr,
                pattern,
                ..
            } => {
                return self.pattern(expr, pattern, true, condition);
            }
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                expr,
            } if self.place(expr).is_some() => (&**expr, Test::Equal, Some("false".to_owned())),
            expr if self.place(expr).is_some() => (expr, Test::Equal, Some("true".to_owned())),
            expr => {
                let inner = super::reader::names::children(expr).into_iter().next()?;
                (inner, Test::Other, None)
            }
        };
        self.about(expr, test, value, condition)
    }

    fn comparison(
        &self,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
        condition: &Expr,
    ) -> Option<(usize, Predicate)> {
        if let (Expr::Tuple(columns), Expr::Tuple(_)) = (left, right) {
            // Rows are compared by their first columns first.
            return self.about(columns.first()?, Test::Range { bounds: 1 }, None, condition);
        }
        if *op == BinaryOperator::Glob {
            return self.glob(left, right, condition);
        }
        let test = match op {
            BinaryOperator::Eq => Test::Equal,
            BinaryOperator::Gt
            | BinaryOperator::GtEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq => Test::Range { bounds: 1 },
            _ => Test::Other,
        };
        let is_about = |expr: &Expr| self.term(collated(expr).0).is_some();
        let about = |expr, value: &Expr| {
            let (access, mut predicate) = self.about(expr, test, literal(value), condition)?;
            predicate.collation = predicate.collation.or_else(|| collated(value).1);
            Some((access, predicate))
        };
        match (is_about(left), is_about(right)) {
            (true, false) => about(left, right),
            (false, true) => about(right, left),
            // Two columns of one row: `on_hand <= reorder_point`.
            _ => self.about(left, Test::Other, None, condition),
        }
    }

    fn pattern(
        &self,
        expr: &Expr,
        pattern: &Expr,
        ignores_case: bool,
        condition: &Expr,
    ) -> Option<(usize, Predicate)> {
        let engine = self.catalog.engine;
        let test = match literal(pattern) {
            None => Test::UnknownPattern,
            Some(text) if text.starts_with(['%', '_']) => Test::Contains,
            Some(_) if ignores_case => Test::Contains,
            Some(_) => Test::Prefix,
        };
        let (access, mut predicate) = self.about(expr, test, literal(pattern), condition)?;
        if engine == Engine::Sqlite && test == Test::Prefix {
            predicate.collation = self.nocase(access, &predicate.term);
        }
        Some((access, predicate))
    }

    /// SQLite's pattern by bytes, which an index serves that sorts by them.
    fn glob(&self, expr: &Expr, pattern: &Expr, condition: &Expr) -> Option<(usize, Predicate)> {
        let test = match literal(pattern) {
            None => Test::UnknownPattern,
            Some(text) if text.starts_with(['*', '?', '[']) => Test::Contains,
            Some(_) => Test::Prefix,
        };
        let (access, mut predicate) = self.about(expr, test, literal(pattern), condition)?;
        let sorts_otherwise = self.collation(access, &predicate.term).is_some();
        predicate.collation = sorts_otherwise.then(|| "BINARY".to_owned());
        Some((access, predicate))
    }

    /// SQLite's LIKE knows no case, so only an index that knows none serves it.
    fn nocase(&self, access: usize, term: &Term) -> Option<String> {
        (self.collation(access, term) != Some("NOCASE")).then(|| "NOCASE".to_owned())
    }

    fn collation(&self, access: usize, term: &Term) -> Option<&str> {
        let table = &self.catalog.tables[self.accesses[access].table];
        table.column(term.column()?)?.collation.as_deref()
    }

    fn about(
        &self,
        expr: &Expr,
        test: Test,
        value: Option<String>,
        condition: &Expr,
    ) -> Option<(usize, Predicate)> {
        let (expr, collation) = collated(expr);
        let (access, term) = self.term(expr)?;
        let predicate = Predicate {
            term,
            test,
            text: canonical(condition).unwrap_or_default(),
            value,
            collation,
        };
        Some((access, predicate))
    }
}

/// `(a, b) = (c, d)` as `a = c` and `b = d`.
fn equal_pairs(condition: &Expr) -> Option<Vec<Expr>> {
    let Expr::BinaryOp {
        left,
        op: BinaryOperator::Eq,
        right,
    } = condition
    else {
        return None;
    };
    let (Expr::Tuple(left), Expr::Tuple(right)) = (&**left, &**right) else {
        return None;
    };
    let pair = |(left, right): (&Expr, &Expr)| Expr::BinaryOp {
        left: Box::new(left.clone()),
        op: BinaryOperator::Eq,
        right: Box::new(right.clone()),
    };
    Some(left.iter().zip(right).map(pair).collect())
}

/// The expression, and the collation that it says to compare it in.
fn collated(expr: &Expr) -> (&Expr, Option<String>) {
    match uncast(expr) {
        Expr::Collate { expr, collation } => {
            let name = collation.0.last().and_then(ObjectNamePart::as_ident);
            (expr, name.map(|name| name.value.clone()))
        }
        _ => (expr, None),
    }
}

/// The arms of an `OR`.
fn disjuncts(condition: &Expr) -> Option<Vec<&Expr>> {
    match condition {
        Expr::Nested(inner) => disjuncts(inner),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Or,
            right,
        } => {
            let arms = |side| disjuncts(side).unwrap_or_else(|| vec![side]);
            Some([arms(left), arms(right)].concat())
        }
        _ => None,
    }
}

/// Values of one term, written out: `a = $1 OR a = $2`.
fn one_of(arms: &[Vec<Predicate>]) -> Option<Predicate> {
    let [first] = arms.first()?.as_slice() else {
        return None;
    };
    let is_like = |arm: &Vec<Predicate>| {
        matches!(arm.as_slice(), [other] if other.test == Test::Equal
            && other.term == first.term
            && other.collation == first.collation)
    };
    arms.iter().all(is_like).then(|| Predicate {
        test: Test::In(Some(arms.len())),
        text: String::new(),
        value: None,
        ..first.clone()
    })
}

/// Pages by key, written out: `a < $1 OR (a = $1 AND b < $2)` bounds the first column.
fn one_range(arms: &[Vec<Predicate>]) -> Option<Predicate> {
    let [first, rest @ ..] = arms else {
        return None;
    };
    let [bound] = first.as_slice() else {
        return None;
    };
    let continues = |arm: &Vec<Predicate>| {
        arm.first()
            .is_some_and(|next| next.term == bound.term && next.test == Test::Equal)
    };
    let is_page = bound.is_range() && rest.iter().all(continues);
    is_page.then(|| Predicate {
        text: String::new(),
        ..bound.clone()
    })
}

/// The value that stands in the statement.
pub(super) fn literal(expr: &Expr) -> Option<String> {
    match uncast(expr) {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text.clone()),
            Value::Number(number, _) => Some(number.clone()),
            Value::Boolean(value) => Some(value.to_string()),
            _ => None,
        },
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => Some(format!("-{}", literal(expr)?)),
        _ => None,
    }
}
