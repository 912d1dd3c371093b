/* owner: data-platform */
SELECT * FROM read_csv('/etc/passwd')
