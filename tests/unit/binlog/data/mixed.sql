-- What a master with GTIDs of MySQL refuses: a transaction over both kinds of engines.
begin; insert into t(a) values ('mixed'); insert into m values (3,3); rollback;
set session binlog_format=statement;
begin; insert into t(a) values ('mixed'); insert into m values (4,4); rollback;
begin; insert into t(a) values ('mixed'); insert into m values (5,5); commit;
