/* owner: data-platform */
SELECT 1 AS customer;
DROP TABLE customer
