(* A real matrix is known entry by entry, in units of 1/u. With integer rows L, the matrix differs from
   (L L^T)/u^2 + (s/u) I by at most the entries e/u^2; rows of e that sum to at most u (s - t) leave
   v^T M v >= (t/u) v^T v. *)
Section Lower.
Variables (n : nat) (u s t : Z) (lo hi L : list (list Z)).

Definition gram (i j : nat) : Z := zsum n (fun k => entry L i k * entry L j k)%Z.
Definition target (i j : nat) : Z := (gram i j + if Nat.eqb i j then u * s else 0)%Z.
Definition miss (i j : nat) : Z :=
  let x := target i j in Z.max (Z.abs (u * mirrored lo i j - x)) (Z.abs (u * mirrored hi i j - x)).
Definition lower_check : bool :=
  (0 <? u)%Z &&
  all n (fun i => (zsum n (fun j => miss i j) <=? u * (s - t))%Z).

Hypothesis checked : lower_check = true.
Variable M : nat -> nat -> R.
Hypothesis known : forall i j, (i < n)%nat -> (j < n)%nat ->
  IZR (mirrored lo i j) <= IZR u * M i j <= IZR (mirrored hi i j).
Variable v : nat -> R.

Let U := IZR u.
Let E i j := U * U * M i j - IZR (target i j).

Lemma u_positive : 0 < U.
Proof.
  unfold lower_check in checked. apply andb_true_iff in checked as [H _].
  apply Z.ltb_lt in H. now apply IZR_lt.
Qed.

Lemma miss_sym : forall i j, miss i j = miss j i.
Proof.
  assert (A : forall l i j, mirrored l i j = mirrored l j i).
  { intros. unfold mirrored. destruct (Nat.leb_spec j i), (Nat.leb_spec i j); auto; try lia.
    replace j with i by lia. auto. }
  assert (B : forall i j, gram i j = gram j i).
  { intros. unfold gram. apply zsum_ext. intros. apply Z.mul_comm. }
  intros. unfold miss, target. now rewrite (A lo), (A hi), B, Nat.eqb_sym.
Qed.

Lemma E_small : forall i j, (i < n)%nat -> (j < n)%nat -> Rabs (E i j) <= IZR (miss i j).
Proof.
  intros i j Hi Hj. destruct (known i j Hi Hj) as [H1 H2]. pose proof u_positive as HU.
  assert (A : U * IZR (mirrored lo i j) <= U * (U * M i j)) by (apply Rmult_le_compat_l; unfold U in *; lra).
  assert (B : U * (U * M i j) <= U * IZR (mirrored hi i j)) by (apply Rmult_le_compat_l; unfold U in *; lra).
  assert (C1 : (- miss i j <= u * mirrored lo i j - target i j)%Z) by (unfold miss; cbv zeta; lia).
  assert (C2 : (u * mirrored hi i j - target i j <= miss i j)%Z) by (unfold miss; cbv zeta; lia).
  apply IZR_le in C1, C2. rewrite opp_IZR, minus_IZR, mult_IZR in C1. rewrite minus_IZR, mult_IZR in C2.
  apply Rabs_le. unfold E. fold U in C1, C2. lra.
Qed.

Lemma product_small : forall e x y, Rabs e <= y -> forall a b, x = e * a * b ->
  - (y * (a * a) / 2 + y * (b * b) / 2) <= x.
Proof.
  intros e x y H a b ->.
  assert (0 <= y) by (pose proof (Rabs_pos e); lra).
  assert (Hab : Rabs (a * b) <= (a * a + b * b) / 2).
  { apply Rabs_le. pose proof (Rle_0_sqr (a - b)). pose proof (Rle_0_sqr (a + b)). unfold Rsqr in *. lra. }
  assert (Rabs (e * a * b) <= y * ((a * a + b * b) / 2)).
  { rewrite Rmult_assoc, Rabs_mult. apply Rmult_le_compat; auto using Rabs_pos. }
  pose proof (Rle_abs (- (e * a * b))) as K. rewrite Rabs_Ropp in K. lra.
Qed.

Lemma errors : - (U * (IZR s - IZR t)) * sum n (fun i => v i * v i)
  <= sum n (fun i => sum n (fun j => E i j * v i * v j)).
Proof.
  apply Rle_trans with (sum n (fun i => sum n (fun j =>
    - / 2 * (IZR (miss i j) * (v i * v i)) + - / 2 * (IZR (miss i j) * (v j * v j))))).
  2: { apply sum_le; intros i Hi; apply sum_le; intros j Hj.
       pose proof (product_small (E i j) _ _ (E_small i j Hi Hj) (v i) (v j) eq_refl). lra. }
  rewrite (sum_ext n (fun i => sum n _) (fun i =>
    - / 2 * (sum n (fun j => IZR (miss i j)) * (v i * v i)) +
    - / 2 * sum n (fun j => IZR (miss i j) * (v j * v j)))).
  2: { intros i _. rewrite sum_plus, !sum_scale. do 2 f_equal.
       rewrite (sum_ext n _ (fun j => (v i * v i) * IZR (miss i j))) by (intros; ring).
       rewrite sum_scale. ring. }
  rewrite sum_plus, !sum_scale, (sum_swap n n (fun i j => IZR (miss i j) * (v j * v j))).
  rewrite (sum_ext n (fun j => sum n (fun i => IZR (miss i j) * (v j * v j)))
    (fun j => sum n (fun i => IZR (miss i j)) * (v j * v j))).
  2: { intros j _. rewrite (sum_ext n _ (fun i => (v j * v j) * IZR (miss i j))) by (intros; ring).
       rewrite sum_scale. ring. }
  rewrite <- Rmult_plus_distr_l, <- sum_plus, <- sum_scale, <- sum_scale. apply sum_le. intros i Hi.
  unfold lower_check in checked. apply andb_true_iff in checked as [_ H].
  apply all_true with (i := i) in H; auto. apply Z.leb_le, IZR_le in H.
  rewrite IZR_zsum, mult_IZR, minus_IZR in H. fold U in H.
  assert (0 <= v i * v i) by apply Rle_0_sqr.
  rewrite (sum_ext n (fun j => IZR (miss j i)) (fun j => IZR (miss i j))) by (intros; now rewrite miss_sym).
  set (a := sum n (fun j => IZR (miss i j))) in *.
  assert (a * (v i * v i) <= U * (IZR s - IZR t) * (v i * v i)) by (apply Rmult_le_compat_r; auto). lra.
Qed.

Lemma gram_form : 0 <= sum n (fun i => sum n (fun j => IZR (gram i j) * v i * v j)).
Proof.
  rewrite (sum_ext n _ (fun i => sum n (fun k => sum n (fun j =>
    (IZR (entry L i k) * v i) * (IZR (entry L j k) * v j))))).
  2: { intros i _. rewrite sum_swap. apply sum_ext; intros j _. unfold gram. rewrite IZR_zsum.
       rewrite (sum_ext n (fun k => _ * v i * (_ * v j)) (fun k => (v i * v j) * IZR (entry L i k * entry L j k))).
       rewrite sum_scale. ring. intros. rewrite mult_IZR. ring. }
  rewrite sum_swap. apply sum_nonneg. intros k _.
  rewrite (sum_square n (fun i => IZR (entry L i k) * v i)). apply Rle_0_sqr.
Qed.

Lemma diagonal : forall c, sum n (fun i => sum n (fun j => (if Nat.eqb i j then c else 0) * v i * v j))
  = c * sum n (fun i => v i * v i).
Proof.
  intros. rewrite <- sum_scale. apply sum_ext. intros i Hi.
  assert (K : forall m, sum m (fun j => (if Nat.eqb i j then c else 0) * v i * v j)
    = if Nat.ltb i m then c * (v i * v i) else 0).
  { induction m; simpl; auto. rewrite IHm. destruct (Nat.eqb_spec i m), (Nat.ltb_spec i m), (Nat.ltb_spec i (S m));
      try lia; subst; try ring. }
  rewrite K. destruct (Nat.ltb_spec i n); auto. lia.
Qed.

Theorem lower_bound : IZR t / IZR u * sum n (fun i => v i * v i) <= form n M v.
Proof.
  pose proof u_positive as HU. pose proof errors as He. pose proof gram_form as Hg.
  assert (Split : U * U * form n M v = sum n (fun i => sum n (fun j => E i j * v i * v j)) +
    (sum n (fun i => sum n (fun j => IZR (gram i j) * v i * v j)) + U * IZR s * sum n (fun i => v i * v i))).
  { rewrite <- diagonal. unfold form. rewrite <- !sum_plus, <- sum_scale. apply sum_ext; intros i _.
    rewrite <- !sum_plus, <- sum_scale. apply sum_ext; intros j _. unfold E, target.
    rewrite plus_IZR. destruct (Nat.eqb i j); rewrite ?mult_IZR; fold U; ring. }
  set (q := sum n (fun i => v i * v i)) in *.
  assert (U * (IZR t * q) <= U * U * form n M v) by (rewrite Split; lra).
  assert (IZR t * q <= U * form n M v)
    by (apply Rmult_le_reg_l with U; [auto | rewrite <- Rmult_assoc in H |- *; lra]).
  apply Rmult_le_reg_l with U; auto. replace (U * (IZR t / IZR u * q)) with (IZR t * q); [lra|].
  unfold U; field. unfold U in HU; lra.
Qed.
End Lower.

(* A vector of integers whose quotient is smaller than p/q for every such matrix. *)
Section Upper.
Variables (n : nat) (u p q : Z) (lo hi : list (list Z)) (w : list Z).

Definition coordinate (i : nat) : Z := List.nth i w 0%Z.
Definition most (i j : nat) : Z :=
  let x := (coordinate i * coordinate j)%Z in
  (x * if 0 <=? x then mirrored hi i j else mirrored lo i j)%Z.
Definition upper_check : bool :=
  (0 <? u)%Z && (0 <? q)%Z &&
  (q * zsum n (fun i => zsum n (fun j => most i j)) <? p * u * zsum n (fun i => coordinate i * coordinate i))%Z.

Hypothesis checked : upper_check = true.
Variable M : nat -> nat -> R.
Hypothesis known : forall i j, (i < n)%nat -> (j < n)%nat ->
  IZR (mirrored lo i j) <= IZR u * M i j <= IZR (mirrored hi i j).

Theorem upper_bound : exists v : nat -> R, form n M v < IZR p / IZR q * sum n (fun i => v i * v i).
Proof.
  exists (fun i => IZR (coordinate i)).
  unfold upper_check in checked. apply andb_true_iff in checked as [H1 H3].
  apply andb_true_iff in H1 as [H1 H2].
  apply Z.ltb_lt, IZR_lt in H1, H2, H3. rewrite !mult_IZR, !IZR_zsum in H3.
  assert (IZR u * form n M (fun i => IZR (coordinate i)) <= sum n (fun i => IZR (zsum n (fun j => most i j)))).
  { unfold form. rewrite <- sum_scale. apply sum_le. intros i Hi. rewrite IZR_zsum, <- sum_scale.
    apply sum_le. intros j Hj. destruct (known i j Hi Hj) as [A B]. unfold most.
    destruct (Z.leb_spec 0 (coordinate i * coordinate j)) as [C|C]; rewrite mult_IZR.
    - apply IZR_le in C. rewrite mult_IZR in *. apply Rmult_le_compat_l with (r := IZR (coordinate i) * IZR (coordinate j)) in B; lra.
    - apply IZR_lt in C. rewrite mult_IZR in *. apply Rmult_le_compat_neg_l with (r := IZR (coordinate i) * IZR (coordinate j)) in A; lra. }
  rewrite (sum_ext n (fun i => IZR (coordinate i * coordinate i)) (fun i => IZR (coordinate i) * IZR (coordinate i))) in H3
    by (intros; apply mult_IZR).
  set (f := form n M _) in *. set (S1 := sum n (fun i => IZR (zsum n _))) in *.
  set (S2 := sum n (fun i => IZR (coordinate i) * IZR (coordinate i))) in *.
  apply Rmult_lt_reg_l with (IZR q * IZR u). apply Rmult_lt_0_compat; auto.
  replace (IZR q * IZR u * (IZR p / IZR q * S2)) with (IZR p * IZR u * S2) by (field; lra).
  apply Rle_lt_trans with (IZR q * S1); auto. rewrite Rmult_assoc. apply Rmult_le_compat_l; lra.
Qed.
End Upper.
