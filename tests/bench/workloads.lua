-- Loads that sysbench does not bring along: sysbench workloads.lua --shape=NAME prepare|run
-- Run with few threads and any --rand-seed. Every event is one transaction (thousand: of 1,000 rows).

sysbench.cmdline.options = {
   shape = {"which load: hot, wide, many, thousand, statement, keyless", "hot"},
}

-- what a thread has for itself
local con, tid

local function text(template)
   return sysbench.rand.string(template)
end

local NOTE = "@@@@@@@@@@-##########-@@@@@@@@@@-##########"

-- INSERT INTO HEAD VALUES (ROW(1)), (ROW(2)) …, some hundred rows a statement
local function fill(connection, head, count, row)
   local values = {}
   for i = 1, count do
      values[#values + 1] = "(" .. row(i) .. ")"
      if #values == 500 or i == count then
         connection:query("INSERT INTO " .. head .. " VALUES " .. table.concat(values, ","))
         values = {}
      end
   end
end

local shapes = {}

-- a few rows that everybody updates
shapes.hot = {
   rows = 20,
   prepare = function(self, c)
      c:query("CREATE TABLE hot (id INT PRIMARY KEY, n BIGINT NOT NULL, note VARCHAR(100)) ENGINE=InnoDB")
      fill(c, "hot", self.rows, function(i) return i .. ", 0, ''" end)
   end,
   event = function(self)
      local first = sysbench.rand.uniform(1, self.rows - 1)
      local second = sysbench.rand.uniform(first + 1, self.rows)
      con:query("BEGIN")
      -- in one order, so that the source does not spend its time on deadlocks
      con:query(string.format("UPDATE hot SET n = n + 1, note = '%s' WHERE id = %d", text(NOTE), first))
      con:query(string.format("UPDATE hot SET n = n + 1, note = '%s' WHERE id = %d", text(NOTE), second))
      con:query("COMMIT")
   end,
}

-- forty columns, 2.5 KB a row, of which an update touches three
shapes.wide = {
   rows = 5000,
   prepare = function(self, c)
      local columns = {}
      for i = 1, 10 do
         columns[#columns + 1] = string.format("i%d INT, d%d DECIMAL(18,4), t%d DATETIME(3), s%d VARCHAR(300)", i, i, i, i)
      end
      c:query("CREATE TABLE wide (id INT PRIMARY KEY AUTO_INCREMENT, " .. table.concat(columns, ", ") .. ") ENGINE=InnoDB")
      fill(c, "wide", self.rows, function(i) return "NULL, " .. self:values() end)
   end,
   values = function(self)
      local values = {}
      for i = 1, 10 do
         values[#values + 1] = string.format("%d, %d.%04d, '2024-%02d-%02d 12:34:56.789', '%s'",
            sysbench.rand.uniform(1, 2000000000), sysbench.rand.uniform(1, 1000000000), sysbench.rand.uniform(0, 9999),
            sysbench.rand.uniform(1, 12), sysbench.rand.uniform(1, 28), string.rep(text(NOTE), 5))
      end
      return table.concat(values, ", ")
   end,
   event = function(self)
      if sysbench.rand.uniform(1, 10) == 1 then
         con:query("INSERT INTO wide VALUES (NULL, " .. self:values() .. ")")
      else
         con:query(string.format("UPDATE wide SET i1 = i1 - 1, d5 = d5 + 0.0001, s9 = '%s' WHERE id = %d", text(NOTE),
            sysbench.rand.uniform(1, self.rows)))
      end
   end,
}

-- 500 tables
shapes.many = {
   tables = 500,
   rows = 50,
   prepare = function(self, c)
      for t = 1, self.tables do
         c:query(string.format("CREATE TABLE many%d (id INT PRIMARY KEY AUTO_INCREMENT, k INT NOT NULL, note VARCHAR(100), " ..
            "KEY (k)) ENGINE=InnoDB", t))
         fill(c, "many" .. t .. " (k, note)", self.rows, function(i) return i .. ", '" .. text(NOTE) .. "'" end)
      end
   end,
   event = function(self)
      con:query("BEGIN")
      con:query(string.format("UPDATE many%d SET k = k + 1, note = '%s' WHERE id = %d",
         sysbench.rand.uniform(1, self.tables), text(NOTE), sysbench.rand.uniform(1, self.rows)))
      con:query(string.format("INSERT INTO many%d (k, note) VALUES (%d, '%s')", sysbench.rand.uniform(1, self.tables),
         sysbench.rand.uniform(1, self.rows), text(NOTE)))
      con:query("COMMIT")
   end,
}

-- 500 rows updated and 500 inserted by each transaction
shapes.thousand = {
   rows = 40000,
   prepare = function(self, c)
      c:query("CREATE TABLE thousand (id INT PRIMARY KEY AUTO_INCREMENT, k INT NOT NULL, note VARCHAR(100), KEY (k)) ENGINE=InnoDB")
      fill(c, "thousand (k, note)", self.rows, function(i) return i .. ", '" .. text(NOTE) .. "'" end)
   end,
   event = function(self)
      local blocks = self.rows / 500
      local block = sysbench.rand.uniform(0, blocks - 1)
      -- threads keep to blocks of their own: their ranges would otherwise lock each other out
      block = block - block % sysbench.opt.threads + tid
      if block >= blocks then
         block = tid
      end
      con:query("BEGIN")
      con:query(string.format("UPDATE thousand SET k = k + 1, note = '%s' WHERE id BETWEEN %d AND %d", text(NOTE),
         block * 500 + 1, block * 500 + 500))
      fill(con, "thousand (k, note)", 500, function(i) return i .. ", '" .. text(NOTE) .. "'" end)
      con:query("COMMIT")
   end,
}

-- for a source with binlog_format=STATEMENT: clock, auto-increment, user variable, and a statement of ten rows
shapes.statement = {
   rows = 20000,
   prepare = function(self, c)
      c:query("CREATE TABLE account (id INT PRIMARY KEY, team INT NOT NULL, n BIGINT NOT NULL, changed DATETIME, KEY (team)) ENGINE=InnoDB")
      c:query("CREATE TABLE journal (id INT PRIMARY KEY AUTO_INCREMENT, account INT NOT NULL, at DATETIME, what VARCHAR(100)) ENGINE=InnoDB")
      fill(c, "account", self.rows, function(i) return string.format("%d, %d, 0, NULL", i, i % (self.rows / 10)) end)
   end,
   event = function(self)
      local id = sysbench.rand.uniform(1, self.rows)
      con:query("BEGIN")
      con:query(string.format("UPDATE account SET n = n + 1, changed = NOW() WHERE id = %d", id))
      if sysbench.rand.uniform(1, 10) == 1 then
         con:query(string.format("SET @what = '%s'", text(NOTE)))
         con:query(string.format("INSERT INTO journal (account, at, what) VALUES (%d, NOW(), @what)", id))
      else
         con:query(string.format("INSERT INTO journal (account, at, what) VALUES (%d, NOW(), CONCAT('%s', ' ', %d))", id,
            text(NOTE), id))
      end
      con:query(string.format("UPDATE account SET n = n * 2 %% 1000003 WHERE team = %d",
         sysbench.rand.uniform(0, self.rows / 10 - 1)))
      con:query("COMMIT")
   end,
}

-- a table without any key, with rows that are alike
shapes.keyless = {
   rows = 1000,
   prepare = function(self, c)
      c:query("CREATE TABLE keyless (a INT, b VARCHAR(100), c DATETIME) ENGINE=InnoDB")
      fill(c, "keyless", self.rows, function(i) return string.format("%d, 'row %d', '2024-01-01'", i % 800, i % 800) end)
   end,
   event = function(self)
      local what = sysbench.rand.uniform(1, 10)
      if what == 1 then
         con:query(string.format("INSERT INTO keyless VALUES (%d, '%s', NOW())", sysbench.rand.uniform(0, 799), text(NOTE)))
      elseif what == 2 then
         con:query("BEGIN")
         con:query(string.format("DELETE FROM keyless WHERE a = %d LIMIT 1", sysbench.rand.uniform(0, 799)))
         con:query(string.format("INSERT INTO keyless VALUES (%d, 'instead', NOW())", sysbench.rand.uniform(0, 799)))
         con:query("COMMIT")
      else
         con:query(string.format("UPDATE keyless SET b = '%s' WHERE a = %d LIMIT 1", text(NOTE), sysbench.rand.uniform(0, 799)))
      end
   end,
}

local function shape()
   return shapes[sysbench.opt.shape] or error("there is no shape " .. sysbench.opt.shape)
end

function thread_init()
   con = sysbench.sql.driver():connect()
   tid = sysbench.tid
end

function thread_done()
   con:disconnect()
end

function event()
   shape():event()
end

function prepare()
   local connection = sysbench.sql.driver():connect()
   shape():prepare(connection)
   connection:disconnect()
end
