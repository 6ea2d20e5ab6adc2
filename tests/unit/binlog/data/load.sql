set session binlog_format=statement;
load data local infile 'LOADFILE' into table t (id,a,b);
load data local infile 'LOADFILE' replace into table t (id,@v,b) set a=upper(@v);
