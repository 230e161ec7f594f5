Require Import Reals ZArith Bool Lra Lia.
Require List.
Open Scope R_scope.

Fixpoint sum (n : nat) (f : nat -> R) : R :=
  match n with O => 0 | S m => sum m f + f m end.

Lemma sum_ext : forall n f g, (forall i, (i < n)%nat -> f i = g i) -> sum n f = sum n g.
Proof. induction n; simpl; intros; auto. rewrite (IHn f g), H; auto. Qed.

Lemma sum_le : forall n f g, (forall i, (i < n)%nat -> f i <= g i) -> sum n f <= sum n g.
Proof. induction n; simpl; intros; [lra|]. apply Rplus_le_compat; auto. Qed.

Lemma sum_plus : forall n f g, sum n (fun i => f i + g i) = sum n f + sum n g.
Proof. induction n; simpl; intros; [lra|]. rewrite IHn. lra. Qed.

Lemma sum_scale : forall n c f, sum n (fun i => c * f i) = c * sum n f.
Proof. induction n; simpl; intros; [lra|]. rewrite IHn. lra. Qed.

Lemma sum_zero : forall n, sum n (fun _ => 0) = 0.
Proof. induction n; simpl; lra. Qed.

Lemma sum_swap : forall n m f,
  sum n (fun i => sum m (fun j => f i j)) = sum m (fun j => sum n (fun i => f i j)).
Proof.
  induction n; simpl; intros. now rewrite sum_zero. now rewrite IHn, <- sum_plus.
Qed.

Lemma sum_square : forall n f, sum n (fun i => sum n (fun j => f i * f j)) = sum n f * sum n f.
Proof.
  intros. rewrite (sum_ext n _ (fun i => sum n f * f i)). now rewrite sum_scale.
  intros. rewrite sum_scale. ring.
Qed.

Lemma sum_nonneg : forall n f, (forall i, (i < n)%nat -> 0 <= f i) -> 0 <= sum n f.
Proof. induction n; simpl; intros; [lra|]. apply Rplus_le_le_0_compat; auto. Qed.

Definition form (n : nat) (M : nat -> nat -> R) (v : nat -> R) : R :=
  sum n (fun i => sum n (fun j => M i j * v i * v j)).

Fixpoint zsum (n : nat) (f : nat -> Z) : Z :=
  match n with O => 0%Z | S m => (zsum m f + f m)%Z end.

Lemma zsum_ext : forall n f g, (forall i, f i = g i) -> zsum n f = zsum n g.
Proof. induction n; simpl; intros; auto. now rewrite (IHn f g), H. Qed.

Lemma IZR_zsum : forall n f, IZR (zsum n f) = sum n (fun i => IZR (f i)).
Proof. induction n; simpl; intros; auto. now rewrite plus_IZR, IHn. Qed.

Fixpoint all (n : nat) (p : nat -> bool) : bool :=
  match n with O => true | S m => p m && all m p end.

Lemma all_true : forall n p, all n p = true -> forall i, (i < n)%nat -> p i = true.
Proof.
  induction n; simpl; intros. lia. apply andb_true_iff in H as [H1 H2].
  inversion H0; subst; auto.
Qed.

Definition entry (l : list (list Z)) (i j : nat) : Z := List.nth j (List.nth i l nil) 0%Z.

(* Row i of a list holds the entries j <= i of a symmetric matrix. *)
Definition mirrored (l : list (list Z)) (i j : nat) : Z :=
  if Nat.leb j i then entry l i j else entry l j i.
