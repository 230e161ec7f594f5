Require Import QArith Qreals Qabs.
Close Scope Q_scope.
Open Scope R_scope.

Module Codes.
(* Polynomials with rational coefficients, the constant term first. *)
Fixpoint at_ (f : list Q) (t : R) : R :=
  match f with nil => 0 | cons c g => Q2R c + t * at_ g t end.
Fixpoint add_ (f g : list Q) : list Q :=
  match f, g with
  | nil, _ => g | _, nil => f
  | cons a f', cons b g' => cons (Qred (a + b)) (add_ f' g')
  end.
Definition scale_ (c : Q) (f : list Q) : list Q := List.map (fun x => Qred (c * x)) f.
Definition shift_ (f : list Q) : list Q := cons 0%Q f.
Fixpoint mul_ (f g : list Q) : list Q :=
  match f with nil => nil | cons a f' => add_ (scale_ a g) (shift_ (mul_ f' g)) end.
Fixpoint zero_ (f : list Q) : bool :=
  match f with nil => true | cons c g => Qeq_bool c 0 && zero_ g end.
Definition same_ (f g : list Q) : bool := zero_ (add_ f (scale_ (-1) g)).

Lemma Q2R_red : forall q, Q2R (Qred q) = Q2R q.
Proof. intros. apply Qeq_eqR, Qred_correct. Qed.
Lemma Q2R_Z : forall z, Q2R (inject_Z z) = IZR z.
Proof. intros. unfold Q2R; simpl. lra. Qed.
Lemma Q2R_0 : Q2R 0 = 0.
Proof. unfold Q2R; simpl; lra. Qed.
Lemma Q2R_1 : Q2R 1 = 1.
Proof. unfold Q2R; simpl; lra. Qed.
Lemma Q2R_m1 : Q2R (-1) = -1.
Proof. unfold Q2R; simpl; lra. Qed.
Lemma at_add : forall f g t, at_ (add_ f g) t = at_ f t + at_ g t.
Proof.
  induction f; destruct g; intros; cbn [add_ at_]; try lra. rewrite Q2R_red, Q2R_plus, IHf. lra.
Qed.
Lemma at_scale : forall c f t, at_ (scale_ c f) t = Q2R c * at_ f t.
Proof.
  induction f; intros; [simpl; lra|]. change (scale_ c (a :: f)%list) with (Qred (c * a) :: scale_ c f)%list.
  cbn [at_]. rewrite Q2R_red, Q2R_mult, IHf. lra.
Qed.
Lemma at_shift : forall f t, at_ (shift_ f) t = t * at_ f t.
Proof. intros. simpl. rewrite Q2R_0. lra. Qed.
Lemma at_mul : forall f g t, at_ (mul_ f g) t = at_ f t * at_ g t.
Proof. induction f; intros; [simpl; lra|]. cbn [mul_]. rewrite at_add, at_scale, at_shift, IHf. simpl. lra. Qed.
Lemma at_zero : forall f t, zero_ f = true -> at_ f t = 0.
Proof.
  induction f; simpl; intros; auto. apply andb_true_iff in H as [H1 H2]. apply Qeq_bool_eq, Qeq_eqR in H1.
  rewrite H1, IHf, Q2R_0; auto. lra.
Qed.
Lemma at_same : forall f g t, same_ f g = true -> at_ f t = at_ g t.
Proof.
  intros. apply at_zero with (t := t) in H. rewrite at_add, at_scale in H.
  rewrite Q2R_m1 in H. lra.
Qed.

(* Gegenbauer polynomials of the sphere in dimension e + 2, P_k(1) = 1: the pair (P_k, P_(k+1)). *)
Fixpoint geg (e k : nat) (t : R) : R * R :=
  match k with
  | O => (1, t)
  | S m => let (a, b) := geg e m t in
           (b, ((2 * INR (S m) + INR e) * t * b - INR (S m) * a) / INR (S m + e))
  end.
Definition P (e k : nat) (t : R) : R := fst (geg e k t).

Definition qn (n : nat) : Q := inject_Z (Z.of_nat n).
Fixpoint geg_ (e k : nat) : list Q * list Q :=
  match k with
  | O => (cons 1%Q nil, cons 0%Q (cons 1%Q nil))
  | S m => let (a, b) := geg_ e m in
           (b, add_ (scale_ ((2 * qn (S m) + qn e) / qn (S m + e)) (shift_ b)) (scale_ (- (qn (S m) / qn (S m + e))) a))
  end.
Lemma Q2R_qn : forall n, Q2R (qn n) = INR n.
Proof. intros. unfold qn. now rewrite Q2R_Z, INR_IZR_INZ. Qed.
Lemma geg_right : forall e k t, at_ (fst (geg_ e k)) t = fst (geg e k t) /\ at_ (snd (geg_ e k)) t = snd (geg e k t).
Proof.
  induction k; intros.
  - simpl. rewrite ?Q2R_1. rewrite Q2R_0. split; lra.
  - specialize (IHk t). cbn [geg geg_]. destruct (geg_ e k) as [a b], (geg e k t) as [x y].
    cbn [fst snd] in *. destruct IHk as [Ha Hb]. split; auto.
    assert (N : 0 < INR (S k + e)) by (apply lt_0_INR; lia).
    assert (NQ : ~ (qn (S k + e) == 0)%Q).
    { intro H. apply Qeq_eqR in H. rewrite Q2R_qn, Q2R_0 in H. lra. }
    rewrite at_add, !at_scale, at_shift, Q2R_opp. unfold Qdiv.
    rewrite !Q2R_mult, Q2R_plus, Q2R_mult, Q2R_inv, !Q2R_qn, Ha, Hb; auto.
    replace (Q2R 2) with 2 by (unfold Q2R; simpl; lra). field. lra.
Qed.

(* sum_k f_k P_k, the list of coefficients from f_k on. *)
Fixpoint series_ (e k : nat) (f : list Q) : list Q :=
  match f with nil => nil | cons c g => add_ (scale_ c (fst (geg_ e k))) (series_ e (S k) g) end.
Fixpoint series (e k : nat) (f : list Q) (t : R) : R :=
  match f with nil => 0 | cons c g => Q2R c * P e k t + series e (S k) g t end.
Lemma series_right : forall e f k t, at_ (series_ e k f) t = series e k f t.
Proof.
  induction f; simpl; intros; auto. rewrite at_add, at_scale, IHf. f_equal. f_equal. apply geg_right.
Qed.

Fixpoint power_ (f : list Q) (n : nat) : list Q :=
  match n with O => cons 1%Q nil | S m => mul_ f (power_ f m) end.
Lemma power_nonneg : forall f n t, 0 <= at_ f t -> 0 <= at_ (power_ f n) t.
Proof.
  induction n; intros. cbn [power_ at_]. rewrite Q2R_1; lra. cbn [power_]. rewrite at_mul. apply Rmult_le_pos; auto.
Qed.

(* Polynomials with integer coefficients. *)
Fixpoint zat (f : list Z) (t : R) : R :=
  match f with nil => 0 | cons c g => IZR c + t * zat g t end.
Fixpoint zadd (f g : list Z) : list Z :=
  match f, g with
  | nil, _ => g | _, nil => f
  | cons a f', cons b g' => cons (a + b)%Z (zadd f' g')
  end.
Definition zscale (c : Z) (f : list Z) : list Z := List.map (fun x => (c * x)%Z) f.
Definition zlinear (p q : Z) (f : list Z) : list Z := zadd (zscale p f) (cons 0%Z (zscale q f)).
Fixpoint zzero (f : list Z) : bool :=
  match f with nil => true | cons c g => Z.eqb c 0 && zzero g end.
Lemma zat_add : forall f g t, zat (zadd f g) t = zat f t + zat g t.
Proof.
  induction f; destruct g; intros; cbn [zadd zat]; try lra. rewrite plus_IZR, IHf. lra.
Qed.
Lemma zat_scale : forall c f t, zat (zscale c f) t = IZR c * zat f t.
Proof.
  induction f; intros; [simpl; lra|]. change (zscale c (a :: f)%list) with ((c * a)%Z :: zscale c f)%list.
  cbn [zat]. rewrite mult_IZR, IHf. lra.
Qed.
Lemma zat_linear : forall p q f t, zat (zlinear p q f) t = (IZR p + IZR q * t) * zat f t.
Proof. intros. unfold zlinear. rewrite zat_add. cbn [zat]. rewrite !zat_scale. lra. Qed.
Lemma zat_zero : forall f t, zzero f = true -> zat f t = 0.
Proof.
  induction f; simpl; intros; auto. apply andb_true_iff in H as [H1 H2]. apply Z.eqb_eq in H1. subst.
  rewrite IHf; auto. lra.
Qed.

(* sum_k b_k (D t - l)^k (h - D t)^(n - k), and (h - D t)^(n + 1): not negative for l <= D t <= h if no b_k is. *)
Fixpoint bernstein (D l h : Z) (b : list Z) : list Z * list Z :=
  match b with
  | nil => (nil, cons 1%Z nil)
  | cons c g => let (f, power) := bernstein D l h g in
                (zadd (zscale c power) (zlinear (- l) D f), zlinear h (- D) power)
  end.
Lemma bernstein_nonneg : forall D l h b t, List.forallb (Z.leb 0) b = true ->
  IZR l <= IZR D * t <= IZR h -> 0 <= zat (fst (bernstein D l h b)) t /\ 0 <= zat (snd (bernstein D l h b)) t.
Proof.
  induction b; intros t Hb Ht; [simpl; lra|]. cbn [List.forallb] in Hb. apply andb_true_iff in Hb as [H1 H2].
  apply Z.leb_le, IZR_le in H1. destruct (IHb t H2 Ht) as [F G].
  cbn [bernstein]. destruct (bernstein D l h b) as [f power]. cbn [fst snd] in *.
  rewrite zat_add, !zat_linear, zat_scale, !opp_IZR.
  split; [apply Rplus_le_le_0_compat|]; apply Rmult_le_pos; auto; lra.
Qed.

(* Pieces (D, start, end, scale, b), start and end over D, that follow one after the other from l/D on up to p/q or
   more: b stands for scale g, scale > 0. *)
Fixpoint covered (g : list Z) (D l : Z) (pieces : list (Z * Z * Z * Z * list Z)) (p q : Z) : bool :=
  match pieces with
  | nil => (p * D <=? l * q)%Z
  | cons (E, k, m, c, b) rest => (0 <? E)%Z && (k * D =? l * E)%Z && (0 <? c)%Z && List.forallb (Z.leb 0) b &&
      zzero (zadd (fst (bernstein E k m b)) (zscale (- c) g)) && covered g E m rest p q
  end.
Lemma covered_nonneg : forall g p q, 0 < IZR q -> forall pieces D l t, pieces <> nil -> 0 < IZR D -> covered g D l pieces p q = true ->
  IZR l / IZR D <= t <= IZR p / IZR q -> 0 <= zat g t.
Proof.
  intros g p q Q. induction pieces as [|[[[[E k] m] c] b] rest]; intros D l t N PD H Ht; [congruence|]. cbn [covered] in H.
  apply andb_true_iff in H as [H H6]. apply andb_true_iff in H as [H H5]. apply andb_true_iff in H as [H H4].
  apply andb_true_iff in H as [H H3]. apply andb_true_iff in H as [H1 H2].
  apply Z.ltb_lt, IZR_lt in H1, H3. apply Z.eqb_eq in H2. apply (f_equal IZR) in H2. rewrite !mult_IZR in H2.
  assert (start : IZR l / IZR D = IZR k / IZR E).
  { apply Rmult_eq_reg_r with (IZR D * IZR E). field_simplify; lra. apply Rgt_not_eq. now apply Rmult_lt_0_compat. }
  rewrite start in Ht.
  destruct (Rle_dec t (IZR m / IZR E)) as [A|A].
  - assert (range : IZR k <= IZR E * t <= IZR m).
    { split; apply Rmult_le_reg_r with (/ IZR E); try (now apply Rinv_0_lt_compat); replace (IZR E * t * / IZR E) with t by (field; lra);
        unfold Rdiv in *; lra. }
    destruct (bernstein_nonneg E k m b t H4 range) as [B _].
    apply zat_zero with (t := t) in H5. rewrite zat_add, zat_scale, opp_IZR in H5.
    destruct (Rle_dec 0 (zat g t)) as [G|G]; auto. exfalso.
    assert (IZR c * zat g t < 0) by (rewrite <- (Rmult_0_r (IZR c)); apply Rmult_lt_compat_l; lra). lra.
  - destruct rest; [|apply (IHrest E m t); auto; [discriminate | lra]].
    cbn [covered] in H6. apply Z.leb_le, IZR_le in H6. rewrite !mult_IZR in H6. exfalso. apply A. apply Rle_trans with (1 := proj2 Ht).
    apply Rmult_le_reg_r with (IZR q * IZR E). now apply Rmult_lt_0_compat. field_simplify; lra.
Qed.
Lemma zat_Q : forall g t, at_ (List.map inject_Z g) t = zat g t.
Proof. induction g; intros; cbn [List.map at_ zat]; auto. now rewrite Q2R_Z, IHg. Qed.

Section Delsarte.
Variables (e : nat) (C : Q) (f square rest : list Q) (i j : nat) (zs : list Z) (G : Z)
  (pieces : list (Z * Z * Z * Z * list Z)) (B : Z).

(* rest, or its negative where (t - C) is no factor, is not negative on [-1, C]. *)
Definition sign_ : list Q := if Nat.eqb j 0 then scale_ (-1) rest else rest.
Definition product : list Q :=
  mul_ (power_ (cons 1%Q (cons 1%Q nil)) i) (mul_ (power_ (cons (- C)%Q (cons 1%Q nil)) j) (mul_ (mul_ square square) rest)).
Definition delsarte_check : bool :=
  Nat.leb j 1 && negb (Nat.eqb (length pieces) 0) && List.forallb (Qle_bool 0) f && negb (Qle_bool (List.nth 0 f 0%Q) 0) &&
  same_ (series_ e 0 f) product &&
  ((0 <? G)%Z && same_ (List.map inject_Z zs) (scale_ (inject_Z G) sign_) && covered zs 1 (-1) pieces (Qnum C) (Zpos (Qden C))) &&
  negb (Qle_bool ((inject_Z B + 1) * List.nth 0 f 0%Q) (List.fold_right Qplus 0%Q f)).

Hypothesis checked : delsarte_check = true.

Lemma P_one : forall k, P e k 1 = 1 /\ snd (geg e k 1) = 1.
Proof.
  induction k; unfold P in *; simpl; auto. destruct (geg e k 1) as [a b]; simpl in *. destruct IHk; subst. split; auto.
  change (match k with O => 1 | S _ => INR k + 1 end) with (INR (S k)).
  change (match (k + e)%nat with O => 1 | S _ => INR (k + e) + 1 end) with (INR (S (k + e))).
  rewrite !S_INR, plus_INR. pose proof (pos_INR k). pose proof (pos_INR e). field. lra.
Qed.

Lemma series_one : forall g k, series e k g 1 = Q2R (List.fold_right Qplus 0%Q g).
Proof.
  induction g; simpl; intros. now rewrite Q2R_0. rewrite Q2R_plus, IHg. destruct (P_one k) as [-> _]. lra.
Qed.

Lemma not_positive : forall t, -1 <= t <= Q2R C -> series e 0 f t <= 0.
Proof.
  intros t Ht. unfold delsarte_check in checked. repeat rewrite andb_true_iff in checked.
  destruct checked as [[[[[[H1 H0] H2] H3] H4] H5] H6].
  assert (N : pieces <> nil) by (intro K; now rewrite K in H0).
  rewrite <- series_right, (at_same _ _ t H4). unfold product. rewrite !at_mul.
  assert (S0 : 0 <= at_ sign_ t).
  { repeat rewrite andb_true_iff in H5. destruct H5 as [[K1 K4] K5]. apply Z.ltb_lt, IZR_lt in K1.
    assert (Z0 : 0 <= zat zs t).
    { apply (covered_nonneg zs (Qnum C) (Zpos (Qden C)) ltac:(now apply IZR_lt) pieces 1 (-1) t N ltac:(lra) K5).
      unfold Q2R in Ht. unfold Rdiv. lra. }
    rewrite <- zat_Q, (at_same _ _ t K4), at_scale, Q2R_Z in Z0.
    apply Rmult_le_reg_l with (IZR G); lra. }
  assert (S1 : 0 <= at_ (power_ (cons 1%Q (cons 1%Q nil)) i) t).
  { apply power_nonneg. cbn [at_]. rewrite ?Q2R_1. lra. }
  assert (S2 : 0 <= at_ square t * at_ square t) by apply Rle_0_sqr.
  unfold sign_ in S0. destruct j as [|[|]]; simpl in H1; try discriminate; cbn [Nat.eqb] in S0.
  - rewrite at_scale in S0. rewrite Q2R_m1 in S0.
    cbn [power_ at_]. rewrite ?Q2R_1.
    assert (0 <= at_ (power_ (cons 1%Q (cons 1%Q nil)) i) t * (at_ square t * at_ square t * (-1 * at_ rest t)))
      by (apply Rmult_le_pos; auto; apply Rmult_le_pos; auto; lra). lra.
  - cbn [power_]. rewrite at_mul. cbn [at_]. rewrite Q2R_opp. rewrite ?Q2R_1.
    assert (0 <= at_ (power_ (cons 1%Q (cons 1%Q nil)) i) t * ((Q2R C - t) * (at_ square t * at_ square t * at_ rest t)))
      by (apply Rmult_le_pos; auto; apply Rmult_le_pos; [lra | apply Rmult_le_pos; auto]). lra.
Qed.

(* N points, given by their inner products T: if the sums of every P_k over all pairs are not negative (Schoenberg;
   the points lie on the sphere in dimension e + 2), there are at most B. *)
Variables (N : nat) (T : nat -> nat -> R).
Hypothesis unit_vectors : forall a, (a < N)%nat -> T a a = 1.
Hypothesis apart : forall a b, (a < N)%nat -> (b < N)%nat -> a <> b -> -1 <= T a b <= Q2R C.
Hypothesis schoenberg : forall k, 0 <= sum N (fun a => sum N (fun b => P e k (T a b))).

Lemma series_sums : forall g k, List.forallb (Qle_bool 0) g = true ->
  0 <= sum N (fun a => sum N (fun b => series e k g (T a b))).
Proof.
  induction g; intros k H.
  - simpl. apply sum_nonneg; intros; apply sum_nonneg; intros; lra.
  - cbn [List.forallb] in H. apply andb_true_iff in H as [H1 H2]. apply Qle_bool_iff, Qle_Rle in H1.
    rewrite Q2R_0 in H1. cbn [series].
    rewrite (sum_ext N _ (fun i => Q2R a * sum N (fun b => P e k (T i b)) + sum N (fun b => series e (S k) g (T i b))))
      by (intros; rewrite <- sum_scale, <- sum_plus; reflexivity).
    rewrite sum_plus, sum_scale. apply Rplus_le_le_0_compat; auto. apply Rmult_le_pos; auto.
Qed.

Lemma sum_constant : forall m c, sum m (fun _ => c) = INR m * c.
Proof. induction m; intros. simpl; lra. cbn [sum]. rewrite IHm, S_INR. lra. Qed.

Theorem code_bound : (Z.of_nat N <= B)%Z.
Proof.
  pose proof checked as K. unfold delsarte_check in K. repeat rewrite andb_true_iff in K.
  destruct K as [[[[[[_ _] H2] H3] _] _] H6].
  destruct f as [|c g] eqn:F. discriminate. cbn [List.nth] in H3, H6. cbn [List.forallb] in H2.
  apply andb_true_iff in H2 as [_ H2].
  assert (c0 : 0 < Q2R c).
  { rewrite <- Q2R_0. apply Qlt_Rlt. apply negb_true_iff in H3. apply Qnot_le_lt. intro K.
    apply Qle_bool_iff in K. congruence. }
  assert (less : Q2R (List.fold_right Qplus 0%Q (c :: g)%list) < (IZR B + 1) * Q2R c).
  { replace (IZR B + 1) with (Q2R (inject_Z B + 1)) by (rewrite Q2R_plus, Q2R_Z; f_equal; unfold Q2R; simpl; lra).
    rewrite <- Q2R_mult. apply Qlt_Rlt. apply negb_true_iff in H6. apply Qnot_le_lt. intro K.
    apply Qle_bool_iff in K. congruence. }
  set (one := Q2R (List.fold_right Qplus 0%Q (c :: g)%list)) in *.
  (* N^2 c <= sum of all values <= N f(1) *)
  assert (below : sum N (fun a => sum N (fun b => series e 0 (c :: g)%list (T a b))) <= INR N * one).
  { rewrite <- sum_constant. apply sum_le. intros a Ha.
    apply Rle_trans with (sum N (fun b => if Nat.eqb a b then one else 0)).
    - apply sum_le. intros b Hb. destruct (Nat.eqb_spec a b).
      + subst b. rewrite unit_vectors by auto. unfold one. rewrite series_one. lra.
      + rewrite <- F. apply not_positive. apply apart; auto.
    - assert (Z1 : forall m, sum m (fun b => if Nat.eqb a b then one else 0) = if Nat.ltb a m then one else 0).
      { induction m; cbn [sum]; auto. rewrite IHm. destruct (Nat.eqb_spec a m), (Nat.ltb_spec a m), (Nat.ltb_spec a (S m));
          try lia; lra. }
      rewrite Z1. destruct (Nat.ltb_spec a N); [lra | lia]. }
  assert (above : INR N * (INR N * Q2R c) <= sum N (fun a => sum N (fun b => series e 0 (c :: g)%list (T a b)))).
  { cbn [series]. rewrite (sum_ext N _ (fun i => sum N (fun b => Q2R c) + sum N (fun b => series e 1 g (T i b)))).
    - rewrite sum_plus, (sum_constant N (sum N _)), sum_constant. pose proof (series_sums g 1 H2). lra.
    - intros. rewrite <- sum_plus. apply sum_ext. intros. unfold P; simpl. lra. }
  destruct (Nat.eq_dec N 0) as [->|NZ].
  - assert (0 <= one).
    { unfold one. assert (Gs : forall l, List.forallb (Qle_bool 0) l = true -> 0 <= Q2R (List.fold_right Qplus 0%Q l)).
      { induction l; intros L; cbn [List.fold_right]. rewrite Q2R_0; lra. cbn [List.forallb] in L.
        apply andb_true_iff in L as [L1 L2]. apply Qle_bool_iff, Qle_Rle in L1. rewrite Q2R_0 in L1.
        rewrite Q2R_plus. specialize (IHl L2). lra. }
      cbn [List.fold_right]. rewrite Q2R_plus. specialize (Gs g H2). lra. }
    assert (0 < IZR B + 1) by (apply Rmult_lt_reg_r with (Q2R c); auto; lra).
    rewrite <- plus_IZR in *. apply lt_IZR in H0. simpl. lia.
  - assert (P0 : 0 < INR N) by (apply lt_0_INR; lia).
    assert (INR N * Q2R c <= one) by (apply Rmult_le_reg_l with (INR N); auto; lra).
    assert (INR N < IZR B + 1) by (apply Rmult_lt_reg_r with (Q2R c); auto; lra).
    rewrite INR_IZR_INZ, <- plus_IZR in H0. apply lt_IZR in H0. lia.
Qed.
End Delsarte.
End Codes.
Import Codes.
