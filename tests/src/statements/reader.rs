use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, ExprCall, ExprMethodCall, Ident, Lit, Stmt};

use super::{Databases, Statement, Statements};

pub(super) fn read(root: &Path) -> Statements {
    let mut reader = Reader {
        file: root.to_owned(),
        databases: Databases::Both,
        found: Statements::default(),
    };
    reader.read_file(root);
    reader.found
}

struct Reader {
    file: PathBuf,
    databases: Databases,
    found: Statements,
}

impl Reader {
    fn read_file(&mut self, file: &Path) {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        let before = std::mem::replace(&mut self.file, file.to_owned());
        self.visit_file(&syntax);
        self.file = before;
    }

    /// Visits what these attributes compile in, for the databases that they name.
    fn under(&mut self, attributes: &[Attribute], visit: impl FnOnce(&mut Self)) {
        let before = self.databases;
        for attribute in attributes {
            if !attribute.path().is_ident("cfg") {
                continue;
            }
            match attribute.parse_args::<Expr>() {
                Ok(Expr::Path(path)) if path.path.is_ident("test") => return,
                Ok(condition) => self.databases = feature(&condition).unwrap_or(self.databases),
                Err(_) => {}
            }
        }
        visit(self);
        self.databases = before;
    }

    fn note_constant(&mut self, name: &Ident, value: &Expr) {
        let Some(sql) = text(value) else { return };
        if !is_statement(&sql) {
            return;
        }
        if sql.contains('?') {
            self.found.fragments.push(sql);
        } else {
            self.found.whole.push(Statement {
                place: format!("{}: {name}", self.file.display()),
                sql,
                databases: self.databases,
            });
        }
    }

    /// Where a file's own module keeps the modules it names.
    fn folder(&self) -> PathBuf {
        let stem = self.file.file_stem().unwrap_or_default();
        let folder = self.file.parent().unwrap_or(Path::new(""));
        match stem.to_str() {
            Some("lib" | "main" | "mod") => folder.to_owned(),
            _ => folder.join(stem),
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.under(&module.attrs, |reader| match &module.content {
            Some(_) => visit::visit_item_mod(reader, module),
            None => {
                let name = module.ident.to_string();
                let file = reader.folder().join(name).with_extension("rs");
                reader.read_file(&file);
            }
        });
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.under(&function.attrs, |reader| {
            visit::visit_item_fn(reader, function)
        });
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.under(&item.attrs, |reader| visit::visit_item_impl(reader, item));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.under(&function.attrs, |reader| {
            visit::visit_impl_item_fn(reader, function);
        });
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.under(&arm.attrs, |reader| visit::visit_arm(reader, arm));
    }

    fn visit_expr_block(&mut self, block: &'ast syn::ExprBlock) {
        self.under(&block.attrs, |reader| {
            visit::visit_expr_block(reader, block)
        });
    }

    fn visit_item_const(&mut self, constant: &'ast syn::ItemConst) {
        self.under(&constant.attrs, |reader| {
            reader.note_constant(&constant.ident, &constant.expr);
        });
    }

    fn visit_impl_item_const(&mut self, constant: &'ast syn::ImplItemConst) {
        self.under(&constant.attrs, |reader| {
            reader.note_constant(&constant.ident, &constant.expr);
        });
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(path) = &*call.func {
            let names: Vec<_> = path.path.segments.iter().map(|part| &part.ident).collect();
            let composes = match &names[..] {
                [.., of, new] => *of == "Query" && *new == "new",
                [name] => *name == "push_ids" || *name == "insert_rows",
                [] => false,
            };
            if composes {
                call.args
                    .iter()
                    .for_each(|value| texts(value, &mut self.found.fragments));
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if call.method == "push"
            && let Some(fragment) = call.args.first()
        {
            texts(fragment, &mut self.found.fragments);
        }
        visit::visit_expr_method_call(self, call);
    }
}

/// The database whose feature the condition is.
fn feature(condition: &Expr) -> Option<Databases> {
    let Expr::Assign(assignment) = condition else {
        return None;
    };
    match (&*assignment.left, text(&assignment.right)?.as_str()) {
        (Expr::Path(path), "postgres") if path.path.is_ident("feature") => {
            Some(Databases::Postgres)
        }
        (Expr::Path(path), "sqlite") if path.path.is_ident("feature") => Some(Databases::Sqlite),
        _ => None,
    }
}

fn text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Every text that the expression can be.
fn texts(value: &Expr, found: &mut Vec<String>) {
    match value {
        Expr::If(choice) => {
            last(&choice.then_branch, found);
            if let Some((_, other)) = &choice.else_branch {
                texts(other, found);
            }
        }
        Expr::Match(choice) => choice.arms.iter().for_each(|arm| texts(&arm.body, found)),
        Expr::Block(block) => last(&block.block, found),
        _ => found.extend(text(value)),
    }
}

fn last(block: &Block, found: &mut Vec<String>) {
    if let Some(Stmt::Expr(value, None)) = block.stmts.last() {
        texts(value, found);
    }
}

/// Whether the first of several words is in capitals.
fn is_statement(text: &str) -> bool {
    text.split_once(' ').is_some_and(|(word, _)| {
        word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase())
    })
}
