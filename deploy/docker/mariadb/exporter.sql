-- The grants that `mysql-replication-exporter grants` prints for MariaDB.
CREATE USER 'exporter'@'%' IDENTIFIED BY 'demo';
GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO 'exporter'@'%';
