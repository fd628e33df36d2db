"""Bronze: the latest version of every delivered document, flat and typed.

`version_at` orders versions: `updated_at`, and `created_at` where a document has no `updated_at`.
Posts and votes carry lists. Their documents are kept whole, one per key, and the lists are unfolded from there: an
option that is no longer chosen disappears, and an old version that arrives late does not bring it back.
"""

from systems.community.bronze.comment_labels import COMMENT_LABELS
from systems.community.bronze.posts import POST_DOCUMENTS, POSTS, POSTS_TRANSLATIONS
from systems.community.bronze.posts_comments import POSTS_COMMENTS
from systems.community.bronze.users import USERS
from systems.community.bronze.users_history import USERS_HISTORY
from systems.community.bronze.votes import VOTE_DOCUMENTS, VOTES

__all__ = [
    "COMMENT_LABELS",
    "POSTS",
    "POSTS_COMMENTS",
    "POSTS_TRANSLATIONS",
    "POST_DOCUMENTS",
    "USERS",
    "USERS_HISTORY",
    "VOTES",
    "VOTE_DOCUMENTS",
]
