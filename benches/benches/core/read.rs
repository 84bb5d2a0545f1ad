use tenancy_benches::{Report, paired};
use tenancy_core::on_tx;
use uuid::Uuid;

use crate::site::{ROWS, Site, TENANTS};

pub(crate) async fn measure(report: &mut Report, site: &Site) {
    const FIND: &str = "SELECT body FROM notes WHERE tenant_id = $1 AND id = $2";
    const FIND_OPEN: &str = "SELECT body FROM open_notes WHERE tenant_id = $1 AND id = $2";
    let size = (31, 400);
    let scoped = async |operations: usize| {
        for number in 0..operations {
            let scope = &site.scopes[number % TENANTS];
            let mut tx = site.database.read(scope).await.expect("a transaction");
            let (tenant, id) = (tx.tenant_id().as_uuid(), row_id(number));
            let body: String = on_tx!(&mut tx, |conn| {
                sqlx::query_scalar(FIND)
                    .bind(tenant)
                    .bind(id)
                    .fetch_one(conn)
                    .await
            })
            .expect("a row");
            std::hint::black_box(body);
            tx.commit().await.expect("the end");
        }
    };
    let plain = async |operations: usize| {
        for number in 0..operations {
            let tenant = site.scopes[number % TENANTS].tenant_id().as_uuid();
            let mut tx = site
                .pool
                .begin_with("BEGIN READ ONLY")
                .await
                .expect("a transaction");
            let body: String = sqlx::query_scalar(FIND_OPEN)
                .bind(tenant)
                .bind(row_id(number))
                .fetch_one(&mut *tx)
                .await
                .expect("a row");
            std::hint::black_box(body);
            tx.commit().await.expect("the end");
        }
    };
    let bare = async |operations: usize| {
        for number in 0..operations {
            let tenant = site.scopes[number % TENANTS].tenant_id().as_uuid();
            let body: String = sqlx::query_scalar(FIND_OPEN)
                .bind(tenant)
                .bind(row_id(number))
                .fetch_one(&site.pool)
                .await
                .expect("a row");
            std::hint::black_box(body);
        }
    };
    let name = "tenant-scoped read against the same transaction without isolation";
    report.row(paired(name, Some(1.25), size, scoped, plain).await);
    let name = "tenant-scoped read against a bare autocommit read";
    report.row(paired(name, None, size, scoped, bare).await);
}

fn row_id(number: usize) -> Uuid {
    // Digits only, as the set-up wrote them: decimal text read as hexadecimal.
    format!("{:032}", number % ROWS + 1)
        .parse()
        .expect("32 digits")
}
