-- Writes what the export of WordPress does not have, as JSON lines, for `hansard import plan wxr blog.xml tables.jsonl`:
--   mysql --skip-column-names --raw DATABASE < wordpress_tables.sql > tables.jsonl
-- It needs MySQL 5.7.22 or MariaDB 10.5. If your tables do not begin with wp_ (see wp-config.php), replace it.
-- It reads no network addresses and no keys; of votes those of registered readers alone.

-- Votes of registered readers (wpDiscuz).
SELECT JSON_OBJECT('kind', 'vote', 'comment', comment_id, 'user', user_id, 'value', vote_type, 'date', `date`)
  FROM wp_wc_users_voted WHERE is_guest = 0;

-- Inline questions (wpDiscuz).
SELECT JSON_OBJECT('kind', 'form', 'id', id, 'post', post_id, 'unique_id', unique_id, 'question', question,
                   'content', content)
  FROM wp_wc_feedback_forms;

/* Followers with their e-mail addresses (wpDiscuz), for --subscriptions: take these marks off to have them.
SELECT JSON_OBJECT('kind', 'subscription', 'email', email, 'post', post_id, 'comment', subscribtion_id,
                   'type', subscribtion_type, 'confirm', confirm, 'at', UNIX_TIMESTAMP(subscription_date))
  FROM wp_wc_comments_subscription WHERE confirm = 1;
*/

/* All comments, with the spam that the export leaves out, where the export is too large to be made whole. They have the
   authors' e-mail addresses, which the plan needs for the ids of guests. Take these marks off to have them.
SELECT JSON_OBJECT('kind', 'comment', 'comment_id', c.comment_ID, 'post', c.comment_post_ID,
                   'comment_author', c.comment_author, 'comment_author_email', c.comment_author_email,
                   'comment_date', c.comment_date, 'comment_date_gmt', c.comment_date_gmt,
                   'comment_content', c.comment_content, 'comment_approved', c.comment_approved,
                   'comment_type', c.comment_type, 'comment_parent', c.comment_parent, 'comment_user_id', c.user_id,
                   'meta', (SELECT JSON_OBJECTAGG(m.meta_key, m.meta_value) FROM wp_commentmeta m
                             WHERE m.comment_id = c.comment_ID
                               AND m.meta_key IN ('wpdiscuz_votes', 'wpdiscuz_votes_seperate', 'dsq_post_id',
                                                  'wpdiscuz_last_edited_at', 'wpdiscuz_last_edited_by',
                                                  'wpdiscuz_feedback_form_id')))
  FROM wp_comments c;
*/
