-- Every type of MySQL with edge values, the row images, partial JSON.
set sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone='+00:00';
set names utf8mb4;
create database g;
use g;
set global binlog_row_metadata=FULL;
create table tv (id int unsigned primary key, ti tinyint, tu tinyint unsigned, si smallint, su smallint unsigned, mi mediumint, mu mediumint unsigned, bi bigint, bu bigint unsigned, f float, d double, de decimal(65,30), d2 decimal(10,4), d3 decimal(9,9), d4 decimal(20,0), y year, c char(3) charset utf8mb4, c2 char(255) charset utf8mb4, bn binary(4), v varchar(300) charset latin1, v2 varchar(20) charset utf16, vb varbinary(10), b1 bit(1), b10 bit(10), b64 bit(64), e enum('a','b','ä') charset utf8mb4, s set('x','y','z','w','1','2','3','4','5'), dt date, t0 time, t1 time(1), t2 time(2), t3 time(3), t4 time(4), t5 time(5), t6 time(6), dt0 datetime, dt1 datetime(1), dt2 datetime(2), dt3 datetime(3), dt4 datetime(4), dt5 datetime(5), dt6 datetime(6), ts0 timestamp null, ts1 timestamp(1) null, ts2 timestamp(2) null, ts3 timestamp(3) null, ts6 timestamp(6) null, tb tinyblob, bl blob, tx text, mb mediumblob, lt longtext, j json, g geometry, p point, inv int invisible, vec vector(3), unique(v(10)));
insert into tv (id, ti,tu,si,su,mi,mu,bi,bu,f,d,de,d2,d3,d4,y,c,c2,bn,v,v2,vb,b1,b10,b64,e,s,dt,t0,t1,t2,t3,t4,t5,t6,dt0,dt1,dt2,dt3,dt4,dt5,dt6,ts0,ts1,ts2,ts3,ts6,tb,bl,tx,mb,lt,j,g,p,inv,vec) values
(4294967295,-128,255,-32768,65535,-8388608,16777215,-9223372036854775808,18446744073709551615,1.1,-2.5e-300,-12345678901234567890123456789012345.123456789012345678901234567890,-1234.5678,0.000000001,-99999999999999999999,2155,'é',repeat('ü',255),x'61','abc','h€','v\0v',1,1023,18446744073709551615,'ä','x,z,5','2024-02-29','-838:59:59','-00:00:00.1','-01:02:03.45','-01:02:03.456','-00:00:00.0001','-100:00:00.00001','-838:59:58.999999','9999-12-31 23:59:59','2024-01-01 00:00:00.1','2024-01-01 00:00:00.12','2024-01-01 00:00:00.123','2024-01-01 00:00:00.1234','2024-01-01 00:00:00.12345','2024-02-29 23:59:59.000001','2038-01-19 03:14:07','1970-01-01 00:00:01.1','2001-09-09 01:46:40.12','2024-12-31 23:59:59.999','2024-02-29 00:00:00.000001',x'00ff','b','t€xt',x'',repeat('L',300),'{"a":1.5}',st_geomfromtext('point(1 2)',4326),point(3,4),7,string_to_vector('[1.5,-2,3e-10]')),
(0,0,0,0,0,0,0,0,0,-0e0,-0e0,0,0,0,0,0,'','','','','','',0,0,0,0,0,'0000-00-00','00:00:00','0','0','0','0','0','0','0000-00-00 00:00:00','0000-00-00','0','0','0','2024-02-31 00:00:00.1','2024-00-00','0000-00-00','0','0','0','0','','','','','','null',null,point(0,0),null,null),
(1,127,1,32767,1,8388607,1,9223372036854775807,1,3.4e38,1.7976931348623157e308,1,1.5,-0.999999999,123456789012345678,1901,'a  ','b ',x'00ff0000','x','y',x'00',1,512,1,'b','y','0000-00-01','838:59:59','838:59:58.9','23:59:59.99','00:00:00.001','-23:59:59.9999','00:00:00.00001','838:59:58.999999','1000-01-01','0001-01-01 00:00:00.9','2024-01-01 00:00:00.99','2024-01-01','2024-01-01','2024-01-01','0000-00-00 00:00:00.000001','1970-01-01 00:00:01','2038-01-19 03:14:07.9','2038-01-19 03:14:07.99','2038-01-19 03:14:07.001','2038-01-19 03:14:07.999999','a','a','a','a','a','[1,2,"x"]',point(0,0),point(0,0),1,string_to_vector('[0,0,0]'));
insert into tv (id,p,v) values (2,point(1,1),'q');
update tv set ti=ti+1 where id=0; update tv set j=json_set(j,'$.a',2), v='zz' where id=4294967295; delete from tv where id=2;
create table js (id int primary key, b bit(10), ti tinyblob, bl blob, mb mediumblob, lb longblob, bi binary(4), vb varbinary(10), ts timestamp(3), t time(2), dt datetime(1), d date, dc decimal(20,4), f float, db double, u int unsigned, j json);
insert into js values (1,b'1010','tb','bl','mb',repeat(x'00ff',60),'bi','vb','2024-02-03 04:05:06.789','-01:02:03.45','2024-02-03 04:05:06.7','2024-02-03',-12.5,1.1,-0e0,5,null);
update js set j=json_object('b',b,'ti',ti,'bl',bl,'mb',mb,'lb',lb,'bi',bi,'vb',vb,'ts',ts,'t',t,'dt',dt,'d',d,'dc',dc,'f',f,'db',db,'u',u,'big',18446744073709551615,'i64',4294967296,'m',-9223372036854775808,'x',x'00','l',json_array(null,true,false,-5,70000,3000000000,1.5e300,1e15,1234567890123456.5e0,'a"\\/\n\t\r\b\fé',x'',cast('0.50' as decimal(2,2)),cast('838:59:59' as time)));
insert into js (id,j) values (2,json_array(repeat('x',70000),1,-70000,3000000000,true,'s',json_object('k',repeat('y',200)))),(3,'"scalar"'),(4,'{}'),(5,'[]'),(6,json_extract(json_array(1.5e0),'$[0]')),(7,'null'),(8,'-12'),(9,json_extract(json_array(cast('2024-01-01' as date)),'$[0]'));
create table pj (id int primary key, a json, x int, b json, c json);
insert into pj values (1,'{"a":[1,2,{"k":"v"}],"b":"long string to be replaced","c":{"d":1.5}}',1,'[1,2,3]','{"q\\"uote":1,"":2,"a b":3}'),(2,'{"l":[]}',2,null,'1');
set binlog_row_value_options=PARTIAL_JSON;
update pj set a=json_set(a,'$.b','q'), b=json_array_append(b,'$',4) where id=1;
update pj set a=json_remove(a,'$.a[1]'), c=json_set(c,'$."q\\"uote"',2,'$.""',json_array(1,2),'$."a b"',cast(5 as unsigned)) where id=1;
update pj set a=json_set(a,'$.c.d',cast('1.50' as decimal(5,2)),'$.n',null,'$.a[last].k','w'), x=5 where id=1;
set binlog_row_image=minimal;
update pj set a=json_replace(a,'$.a[0]',100000), b=json_remove(b,'$[last]') where id=1;
update pj set x=9 where id=2;
set binlog_row_value_options='';
create table mi (a int default 5, b int default 6);
insert into mi values ();
create table mj (id int primary key, a int, b varchar(10), c int default 7);
insert into mj (id,a) values (1,2),(2,3);
update mj set b='x' where id=1;
update mj set id=9 where id=2;
delete from mj where id=1;
set binlog_row_image=noblob;
create table mk (id int primary key, a int, b blob);
insert into mk values (1,1,'bbb');
update mk set a=2;
update mk set b='ccc';
delete from mk;
