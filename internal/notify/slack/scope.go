package slack

import "zesei/internal/notify"

// scopes are the refusals that are about one channel or one message only: Slack
// answers, and other messages go out.
var scopes = map[string]notify.Scope{
	"channel_not_found": notify.TargetOnly, "not_in_channel": notify.TargetOnly, "is_archived": notify.TargetOnly,
	"restricted_action": notify.TargetOnly, "restricted_action_read_only": notify.TargetOnly, "user_not_found": notify.TargetOnly,
	"invalid_channel": notify.TargetOnly, "messages_tab_disabled": notify.TargetOnly,
	"restricted_action_thread_locked": notify.MessageOnly, "cannot_reply_to_message": notify.MessageOnly,
	"invalid_arguments": notify.MessageOnly, "invalid_metadata_format": notify.MessageOnly,
}

// hintsJA are hints in Japanese.
var hintsJA = map[string]string{
	"channel_not_found":                  "担当(owners)の slack: に書いたチャンネル名か ID を確認してください。非公開チャンネルの場合はアプリを招待してください",
	"not_in_channel":                     "アプリをチャンネルに招待してください(/invite @zesei)",
	"is_archived":                        "チャンネルはアーカイブされています。担当(owners)の slack: に別のチャンネルを指定してください",
	"restricted_action":                  "ワークスペースの設定で、アプリはそのチャンネルに投稿できません",
	"restricted_action_read_only":        "そのチャンネルは読み取り専用です",
	"restricted_action_thread_locked":    "そのスレッドはロックされています",
	"cannot_reply_to_message":            "そのメッセージには返信できません",
	"invalid_auth":                       "トークンが無効です。notify.slack.token が指すシークレットを確認してください",
	"not_authed":                         "トークンが送られていません。notify.slack.token が指すシークレットを確認してください",
	"account_inactive":                   "アプリまたはユーザーが削除されています。アプリをインストールし直してください",
	"token_revoked":                      "トークンが取り消されています。アプリをインストールし直してください",
	"token_expired":                      "トークンの期限が切れています。アプリをインストールし直してください",
	"missing_scope":                      "アプリの権限(スコープ)が足りません。zesei のマニフェストでインストールし直してください",
	"no_permission":                      "トークンに権限がありません。zesei のマニフェストでインストールし直してください",
	"not_allowed_token_type":             "ボットトークン(xoxb-…)を指定してください",
	"ekm_access_denied":                  "ワークスペースの管理者がアクセスを停止しています",
	"org_login_required":                 "ワークスペースは組織(Enterprise)への移行中です",
	"access_denied":                      "Slack がアプリのアクセスを拒否しています",
	"team_access_not_granted":            "アプリがそのワークスペースにインストールされていません",
	"messages_tab_disabled":              "アプリの「メッセージ」タブを有効にするか、チャンネルを指定してください",
	"user_not_found":                     "担当(owners)の slack: に書いたユーザー ID を確認してください",
	"invalid_arguments":                  "Slack がこのメッセージを受け付けません",
	"invalid_metadata_format":            "Slack がこのメッセージのメタデータを受け付けません",
	"metadata_must_be_sent_from_app":     "ボットトークン(xoxb-…)を指定してください",
	"invalid_channel":                    "担当(owners)の slack: に書いたチャンネルを確認してください",
	"file_uploads_disabled":              "ワークスペースの設定でファイルを投稿できません",
	"file_uploads_except_images_blocked": "ワークスペースの設定で画像以外のファイルを投稿できません",
	"storage_limit_reached":              "ワークスペースにファイルの空き容量がありません",
}
